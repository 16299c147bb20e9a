# SPDX-License-Identifier: Apache-2.0
# Completion for fish. Verbs and options are read from the program's own help, so there is no second list to maintain.
function __tragus_words # the words before the one that is completed, without the program
    set -l words (commandline -opc)
    string join \n -- $words[2..]
end
function __tragus_verbs
    tragus help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end
function __tragus_subverbs # verbs with verbs of their own, such as model
    set -l verb (__tragus_words)
    tragus help $verb 2>/dev/null | string replace -rf "^(Usage:)? *tragus $verb ([a-z]+).*" '$2'
end
function __tragus_options
    set -l words (__tragus_words)
    set -l verb $words[1]
    test "$verb" = grammar; and set verb $words[1..2]
    printf '%s\n' --help
    tragus $verb --help 2>/dev/null | string match -ra -- '--[a-z][a-z-]+'
end
complete -c tragus -n 'test (count (__tragus_words)) = 0' -f -a '(__tragus_verbs) help\t"explain a verb"'
complete -c tragus -n 'test "$(__tragus_words)" = help' -f -a '(__tragus_verbs) exit-codes\t"of all verbs" environment\t"variables that are read"'
complete -c tragus -n 'test (count (__tragus_words)) = 1; and test -n "$(__tragus_subverbs)"' -f -a '(__tragus_subverbs)'
complete -c tragus -n 'test (count (__tragus_words)) -ge 1; and string match -q -- "-*" (commandline -ct)' -f -a '(__tragus_options)'
