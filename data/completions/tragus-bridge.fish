# SPDX-License-Identifier: Apache-2.0
# Completion for fish. Options are read from the program's own help.
complete -c tragus-bridge -n 'string match -q -- "-*" (commandline -ct)' -f -a '(tragus-bridge --help 2>/dev/null | string match -ra -- "--[a-z][a-z-]+")'
