"""What a project would do, shown before it does it: tests of segments, metrics and groups on made-up people."""
