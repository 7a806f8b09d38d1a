/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_ops.h"

#include <krarup/link.h>
#include <krarup/process.h>
#include <krarup/registry.h>

#include <math.h>
#include <string.h>

/* The error `reason`, in operator `op`, as OTP tells it. */
static KR_NORETURN void raise_in(const char *reason, kr_atom op, kr_term args)
{
        kr_atom name;
        kr_term trace;

        if (kr_atom_from(reason, strlen(reason), &name) != KR_OK)
                kr_error("system_limit");
        trace = kr_build("{~, [{erlang, ~, ~, []}]}", name, op, args);
        kr_release(args);
        kr_raise_given(KR_CLASS_ERROR, trace);
}

static KR_NORETURN void raise_binary(const char *reason, kr_atom op, kr_term a, kr_term b)
{
        raise_in(reason, op, kr_build("[~, ~]", a, b));
}

static kr_term bool_term(bool b)
{
        return kr_atom_term(b ? KR_ATOM("true") : KR_ATOM("false"));
}

/* -- arithmetic -- */

enum arith { ADD, SUB, MUL, DIVIDE, DIV, REM, BAND, BOR, BXOR, BSL, BSR, NO_ARITH };

static enum arith arith_of(const char *op)
{
        static const char *const names[] = { "+",    "-",   "*",    "/",   "div", "rem",
                                             "band", "bor", "bxor", "bsl", "bsr" };

        for (int i = 0; i < NO_ARITH; i++) {
                if (strcmp(op, names[i]) == 0)
                        return (enum arith)i;
        }
        return NO_ARITH;
}

/* A shift by n, to the left or, below 0, to the right; false: it does not fit. */
static bool shift(int64_t x, int64_t n, int64_t *ret)
{
        if (n <= 0) {
                *ret = n <= -64 ? (x < 0 ? -1 : 0) : x >> -n;
                return true;
        }
        if (x == 0 || (n < 63 && x <= INT64_MAX >> n && x >= INT64_MIN >> n)) {
                *ret = x == 0 ? 0 : (int64_t)((uint64_t)x << n);
                return true;
        }
        return false;
}

/* False: it does not fit. The divisor is not 0. */
static bool integers(enum arith op, int64_t x, int64_t y, int64_t *ret)
{
        switch (op) {
        case ADD:
                return !__builtin_add_overflow(x, y, ret);
        case SUB:
                return !__builtin_sub_overflow(x, y, ret);
        case MUL:
                return !__builtin_mul_overflow(x, y, ret);
        case DIV:
                *ret = x == INT64_MIN && y == -1 ? 0 : x / y;
                return !(x == INT64_MIN && y == -1);
        case REM:
                *ret = y == -1 ? 0 : x % y;
                return true;
        case BAND:
                *ret = x & y;
                return true;
        case BOR:
                *ret = x | y;
                return true;
        case BXOR:
                *ret = x ^ y;
                return true;
        case BSL:
                return shift(x, y, ret);
        default:
                return y != INT64_MIN && shift(x, -y, ret);
        }
}

static kr_term floats(enum arith op, double x, double y)
{
        double r = op == ADD ? x + y : op == SUB ? x - y : op == MUL ? x * y : x / y;

        return isfinite(r) ? kr_build("~", r) : kr_none();
}

/* none: no arithmetic with these. */
static kr_term arithmetic(enum arith op, kr_atom name, kr_term a, kr_term b)
{
        int64_t x, y, n;
        double f, g;

        if (kr_get_int64(a, &x) && kr_get_int64(b, &y) && op != DIVIDE) {
                if (y == 0 && (op == DIV || op == REM))
                        return kr_none();
                if (!integers(op, x, y, &n))
                        raise_binary("integer_overflow", name, a, b);
                return kr_build("~", n);
        }
        if (kr_is_integer(a) && kr_is_integer(b) && op != DIVIDE)
                raise_binary("integer_overflow", name, a, b);
        if (op > DIVIDE || !kr_get_number(a, &f) || !kr_get_number(b, &g) ||
            (op == DIVIDE && g == 0))
                return kr_none();
        return floats(op, f, g);
}

/* -- lists -- */

static kr_term append(kr_term a, kr_term b)
{
        kr_builder builder = KR_BUILDER_INIT;
        size_t len;

        if (!kr_length(a, &len))
                return kr_none();
        if (len == 0)
                return kr_keep(b);
        for (kr_term l = a; kr_is_cons(l); l = kr_tl(l))
                kr_add_term(&builder, kr_hd(l));
        return kr_build_improper(&builder, b);
}

/* How often `x` stands in the first `count` of a list. */
static size_t occurrences(kr_term list, size_t count, kr_term x)
{
        size_t n = 0;

        for (; count > 0 && kr_is_cons(list); list = kr_tl(list), count--)
                n += kr_same(kr_hd(list), x);
        return n;
}

/* Each element of b takes the first of its kind out of a. */
static kr_term subtract(kr_term a, kr_term b)
{
        kr_builder builder = KR_BUILDER_INIT;
        size_t len, len_b, i = 0;

        if (!kr_length(a, &len) || !kr_length(b, &len_b))
                return kr_none();
        for (kr_term l = a; kr_is_cons(l); l = kr_tl(l), i++) {
                if (occurrences(a, i, kr_hd(l)) >= occurrences(b, len_b, kr_hd(l)))
                        kr_add_term(&builder, kr_hd(l));
        }
        return kr_build_list(&builder);
}

/* -- the rest -- */

static bool compares(const char *op, kr_term a, kr_term b, bool *ret)
{
        int order;

        if (strcmp(op, "=:=") == 0 || strcmp(op, "=/=") == 0) {
                *ret = kr_same(a, b) == (op[1] == ':');
                return true;
        }
        if (strpbrk(op, "<>=") == NULL)
                return false;
        order = kr_compare(a, b);
        *ret = strcmp(op, "==") == 0   ? order == 0
               : strcmp(op, "/=") == 0 ? order != 0
               : strcmp(op, "<") == 0  ? order < 0
               : strcmp(op, "=<") == 0 ? order <= 0
               : strcmp(op, ">") == 0  ? order > 0
                                       : order >= 0;
        return true;
}

static bool send_to(kr_term to, kr_term message)
{
        kr_atom name;
        kr_pid pid;
        kr_ref alias;

        if (kr_get_pid(to, &pid))
                (void)kr_send(pid, "~",
                              message); /* a full mailbox is the receiver's wish */
        else if (kr_get_ref(to, &alias))
                (void)kr_send(alias, "~", message);
        else if (kr_get_atom(to, &name) && !kr_pid_is_none(kri_whereis(NULL, name)))
                (void)kr_send(name, "~", message);
        else
                return false;
        return true;
}

kr_term kri_op_binary(kr_atom name, kr_term a, kr_term b)
{
        const char *op = kr_atom_text(name, NULL);
        enum arith arith = arith_of(op);
        kr_term value = kr_none();
        bool x, y;

        if (arith != NO_ARITH) {
                value = arithmetic(arith, name, a, b);
                if (kr_is_none(value))
                        raise_binary("badarith", name, a, b);
                return value;
        }
        if (compares(op, a, b, &x))
                return bool_term(x);
        if (op[0] == '!')
                value = send_to(a, b) ? kr_keep(b) : value;
        else if (op[0] == '+')
                value = append(a, b);
        else if (op[0] == '-')
                value = subtract(a, b);
        else if (kr_get_bool(a, &x) && kr_get_bool(b, &y))
                value = bool_term(op[0] == 'a' ? x && y : op[0] == 'o' ? x || y : x != y);
        if (kr_is_none(value))
                raise_binary("badarg", name, a, b);
        return value;
}

kr_term kri_op_unary(kr_atom name, kr_term a)
{
        const char *op = kr_atom_text(name, NULL);
        int64_t n;
        double d;
        bool b;

        if (op[0] == 'n' && kr_get_bool(a, &b))
                return bool_term(!b);
        if (op[0] == 'b' && kr_get_int64(a, &n))
                return kr_build("~", ~n);
        if (op[0] == '+' && kr_is_number(a))
                return kr_keep(a);
        if (op[0] == '-' && kr_get_double(a, &d))
                return kr_build("~", -d);
        if (op[0] == '-' && kr_get_int64(a, &n) && n != INT64_MIN)
                return kr_build("~", -n);
        raise_in(op[0] == 'n' ? "badarg" : "badarith", name, kr_build("[~]", a));
}
