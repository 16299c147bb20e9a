# SPDX-License-Identifier: Apache-2.0
# Completion for fish. Options are read from the program's own help.
complete -c tragusd -n 'string match -q -- "-*" (commandline -ct)' -f -a '(tragusd --help 2>/dev/null | string match -ra -- "--[a-z][a-z-]+")'
