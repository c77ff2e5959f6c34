# operation: scanner
# default: scanner_command
# reason: you gave a scanner of your own in scanner_command, and it has to say yes
# paths: what it looks at; its exit status counts, and what it prints is dropped, since it may quote what it found

scanner_seal() { true; }

scanner_check() { scanner_says; }
