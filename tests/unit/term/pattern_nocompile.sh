#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pattern_nocompile.sh: wrong uses of patterns do not compile, right ones compile silently.
#
# usage: pattern_nocompile.sh INCLUDE_DIR COMPILER...
# Each compiler that is installed must refuse every snippet below `wrong`, each for the
# reason given, and accept every one below `right` without a word. Those that are not
# installed are passed over; none installed is a failure.
set -u

include=$1
shift
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0
compilers=0

# The body of a function in which these names may be used.
program() {
        cat <<END
#include <krarup/pattern.h>
struct other { int x; };
int use(kr_term term, kr_pid pid, int64_t n, const char *text);
int use(kr_term term, kr_pid pid, int64_t n, const char *text)
{
        struct other other = { 1 };
        (void)term; (void)pid; (void)n; (void)text; (void)other;
        $1;
        return 0;
}
END
}

compile() {
        program "$2" > "$dir/snippet.$suffix"
        $1 $standard -Wall -Wextra -Wshadow -I"$include" -fsyntax-only "$dir/snippet.$suffix" \
                > "$dir/says" 2>&1
}

fail() {
        echo "$compiler: $1: $2"
        sed 's/^/    /' "$dir/says" | head -n 12
        failures=$((failures + 1))
}

# right SNIPPET
right() {
        if ! compile "$compiler" "$1" || [ -s "$dir/says" ]; then
                fail "does not compile silently" "$1"
        fi
}

# wrong SNIPPET PATTERN: PATTERN is what the compiler says (extended regular expression)
wrong() {
        if compile "$compiler" "$1"; then
                fail "compiles" "$1"
        elif ! grep -Eq "error: .*($2)" "$dir/says"; then
                fail "is refused for another reason than '$2'" "$1"
        fi
}

snippets() {
        right 'if (kr_match(term, "{tick, ~, ~}", &n, &pid)) return 1'
        right 'term = kr_build("{tick, ~, ~, ~}", n, pid, text)'
        right 'return kr_on(1, "{=, ~}", pid, &n).id'
        right 'term = kr_build("a" "b")'
        right 'term = kr_build("[~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~]", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)'

        # types that have no place in a pattern
        wrong 'kr_build("~", other)' "$no_type"
        wrong 'kr_match(term, "~", &other)' "$no_type"
        wrong 'kr_match(term, "~", &pid.num, (void *)&n)' "$no_type"
        wrong 'kr_build("~", (void *)0)' "$no_type"
        wrong 'kr_build("~", (long double)1)' "$no_type"
        wrong 'const int64_t fixed = 1; kr_match(term, "~", &fixed)' "$no_type"
        wrong 'int64_t *at = &n; kr_match(term, "~", &at)' "$no_type"
        wrong 'char *word; kr_match(term, "~", &word)' "$no_type"
        wrong 'const void *data; kr_match(term, "~", &data)' "$no_type"
        wrong 'kr_build("~", use)' "$no_type"
        wrong 'kr_on(1, "~", &other)' "$no_type"

        # a pattern is a literal, and there is one
        wrong 'kr_match(term, text, &n)' 'expected'
        wrong 'kr_build(text)' 'expected'
        wrong 'kr_build(n)' 'expected'

        # what is matched is a term
        wrong 'kr_match(n, "~", &n)' "$no_term"
        wrong 'kr_match(&term, "~", &n)' "$no_term"
        wrong 'kr_match(pid, "~", &n)' "$no_term"
        wrong 'n = kr_build("a")' 'assign|incompatible|convert'

        # too many arguments
        wrong 'kr_build("", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)' \
                'a pattern takes up to 16 arguments'
}

for compiler in "$@"; do
        command -v "${compiler%% *}" > /dev/null || continue
        compilers=$((compilers + 1))
        case $compiler in
        *++*) suffix=cc
              standard=-std=c++11
              no_type='deleted|no matching function|ambiguous'
              no_term='convert|no viable conversion|no matching function' ;;
        *) suffix=c
           standard=-std=gnu11
           no_type='_Generic.* not compatible|not compatible with any generic association'
           no_term='incompatible type' ;;
        esac
        snippets
done

if [ "$compilers" -eq 0 ]; then
        echo "none of these compilers is installed: $*"
        exit 1
fi
[ "$failures" -eq 0 ]
