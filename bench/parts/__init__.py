"""The measurements, a module each; `measure` yields figures."""
