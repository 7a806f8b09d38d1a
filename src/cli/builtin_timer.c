/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_timer.c: module timer. */
#include "builtin.h"

#include <krarup/timer.h>

static kr_term do_sleep(kr_term args)
{
        int64_t time_ms;

        if (!kri_builtin_timeout(kr_element(1, args), &time_ms))
                return kr_no_clause();
        kr_sleep(time_ms);
        return kri_ok();
}

static kr_term do_send_after(kr_term args)
{
        kr_term message;
        int64_t time_ms;
        kr_atom name;
        kr_pid pid;

        if (kr_match(args, "{~, ~, ~}", &time_ms, &pid, &message) && time_ms >= 0)
                return kr_build("{ok, ~}", kr_send_after(time_ms, pid, "~", message));
        if (kr_match(args, "{~, ~, ~}", &time_ms, &name, &message) && time_ms >= 0)
                return kr_build("{ok, ~}", kr_send_after(time_ms, name, "~", message));
        return kr_no_clause();
}

static kr_term do_cancel(kr_term args)
{
        kr_ref timer;

        if (!kr_match(args, "{~}", &timer))
                return kr_no_clause();
        (void)kr_cancel_timer(timer); /* too late is no error */
        return kr_build("{ok, cancel}");
}

/* {Microseconds, Value} of a call. */
static kr_term do_tc(kr_term args)
{
        int64_t began_ns;
        kr_atom module, function;
        kr_term list, value, both;
        size_t len;

        if (!kr_match(args, "{~, ~, ~}", &module, &function, &list) ||
            !kr_length(list, &len))
                return kr_no_clause();
        began_ns = kr_monotonic_ns(NULL);
        value = kr_apply_term(module, function, list);
        both = kr_build("{~, ~}", (kr_monotonic_ns(NULL) - began_ns) / 1000, value);
        kr_release(value);
        return both;
}

static kr_term in_ms(kr_term args, int64_t factor)
{
        int64_t n, ms;

        if (!kr_match(args, "{~}", &n) || __builtin_mul_overflow(n, factor, &ms))
                return kr_no_clause();
        return kr_build("~", ms);
}

static kr_term do_seconds(kr_term args)
{
        return in_ms(args, 1000);
}

static kr_term do_minutes(kr_term args)
{
        return in_ms(args, 60 * 1000);
}

static const kr_export exports[] = {
        { "sleep", 1, do_sleep, "(Milliseconds)" },
        { "send_after", 3, do_send_after, "(Milliseconds, To, Message)" },
        { "cancel", 1, do_cancel, "(Timer)" },
        { "tc", 3, do_tc, "(Module, Function, Args) {Microseconds, Value}" },
        { "seconds", 1, do_seconds, "(N) in milliseconds" },
        { "minutes", 1, do_minutes, "(N) in milliseconds" },
};

KR_MODULE(timer, .version = KR_VERSION, KR_EXPORTS(exports));
