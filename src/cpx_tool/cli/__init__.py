"""One small file per command family: parse options, call, print, exit."""
