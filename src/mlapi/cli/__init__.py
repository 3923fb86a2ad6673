"""The command `mlapi`: one file a command, heavy imports inside the command."""
