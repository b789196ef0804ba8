"""The `rsnn` command: its parser, arguments, exit codes and result files."""
