#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gen_server_nocompile.sh: callbacks of the wrong type and fields that are none do not compile;
# what is right compiles silently, in C11 and in C++ 11 and later.
#
# usage: gen_server_nocompile.sh INCLUDE_DIR COMPILER...
# Compilers that are not installed are passed over; none installed is a failure.
set -u

include=$1
shift
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0
compilers=0

# A module whose callbacks and fields these are.
program() {
        cat <<END
#include <krarup/fields.h>
#include <krarup/gen_server.h>
struct counter { int64_t value; char name[8]; char *text; int bits : 3; struct { int x; } in; };
struct other { int64_t value; };
KR_FIELDS(counter_fields, struct counter, $1);
static inline kr_next init(struct counter *c, kr_term args)
{
        return kr_get_int64(args, &c->value) ? kr_ok() : kr_stop("{badarg, ~}", args);
}
static inline kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        (void)from;
        return kr_match(request, "read") ? kr_reply("~", c->value) :
               kr_then_reply(kr_stop("bad_call"), "~", request);
}
static inline kr_next handle_cast(struct counter *c, kr_term message)
{
        (void)message;
        return kr_then_continue(kr_then_timeout(kr_noreply(), c->value), "{go, on}");
}
static inline void terminate(struct counter *c, kr_term reason) { (void)c; (void)reason; }
static inline kr_next of_other(struct other *o, kr_term args) { (void)o; (void)args; return kr_ok(); }
static inline int of_int(struct counter *c, kr_term args) { (void)c; (void)args; return 1; }
static inline kr_next of_one(struct counter *c) { (void)c; return kr_ok(); }
static inline kr_next of_const(const struct counter *c, kr_term a) { (void)c; (void)a; return kr_ok(); }
KR_GEN_SERVER(counter, struct counter, $2);
END
}

compile() {
        program "$1" "$2" > "$dir/module.$suffix"
        $compiler "$standard" -Wall -Wextra -Wshadow -Wno-unused-function \
                -Wno-unused-const-variable -I"$include" -fsyntax-only "$dir/module.$suffix" \
                > "$dir/says" 2>&1
}

fail() {
        echo "$compiler $standard: $1: $2"
        sed 's/^/    /' "$dir/says" | head -n 12
        failures=$((failures + 1))
}

# right FIELDS CALLBACKS
right() {
        if ! compile "$1" "$2" || [ -s "$dir/says" ]; then
                fail "does not compile silently" "$1; $2"
        fi
}

# wrong FIELDS CALLBACKS PATTERN: PATTERN is what the compiler says (extended regular expression)
wrong() {
        if compile "$1" "$2"; then
                fail "compiles" "$1; $2"
        elif ! grep -Eq "error: .*($3)" "$dir/says"; then
                fail "is refused for another reason than '$3'" "$1; $2"
        fi
}

right_modules() {
        right value '.init = init'
        right 'value, name' '.init = init, .handle_call = handle_call, .handle_cast = handle_cast,
                .terminate = terminate, .fields = counter_fields, .version = "2"'
}

wrong_modules() {
        wrong value '.init = of_other' "$no_callback"
        wrong value '.init = of_int' "$no_callback"
        wrong value '.init = of_one' "$no_callback"
        wrong value '.init = handle_call' "$no_callback"
        wrong value '.handle_call = handle_cast' "$no_callback"
        wrong value '.terminate = handle_cast' "$no_callback"
        wrong value '.format_status = of_const' "$no_callback"
        wrong value '.handle_everything = init' "$no_member"

        wrong nothing '.init = init' 'no member named .nothing'
        wrong text '.init = init' "$no_field"
        wrong in '.init = init' "$no_field"
        wrong bits '.init = init' 'bit-field|bit field'
}

for compiler in "$@"; do
        command -v "$compiler" > /dev/null || continue
        compilers=$((compilers + 1))
        no_member='has no member named|does not refer to any field|no non-static data member named'
        case $compiler in
        *++*) suffix=cc
              standards='-std=c++11 -std=c++17 -std=c++20'
              no_callback='cannot convert|cannot initialize|invalid conversion'
              no_field='no matching function|deleted' ;;
        *) suffix=c
           standards='-std=c11 -std=gnu11'
           no_callback='incompatible'
           no_field='not compatible with any|negative' ;;
        esac
        for standard in $standards; do
                right_modules
        done
        wrong_modules
done

if [ "$compilers" -eq 0 ]; then
        echo "none of these compilers is installed: $*"
        exit 1
fi
[ "$failures" -eq 0 ]
