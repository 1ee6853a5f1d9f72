"""One function a command: wires the steps, decides nothing. Also the Python API."""
