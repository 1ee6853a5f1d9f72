"""Frame → stages → delta: triggers, enrolment, steps. Sets only; nothing here loops over customers."""
