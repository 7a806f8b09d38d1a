/* SPDX-License-Identifier: Apache-2.0 */
#include "debug_text.h"

#include <string.h>

kr_err kri_debug_say(kr_buf *buf, const char *format, const kr_term *terms)
{
        kr_err err = KR_OK;

        while (err == KR_OK && *format != '\0') {
                size_t len = strcspn(format, "~");

                err = kr_buf_append(buf, format, len);
                format += len;
                if (err == KR_OK && *format == '~') {
                        err = kr_print_to(buf, *terms++, NULL);
                        format++;
                }
        }
        return err;
}

/* -- gen_statem -- */

/* One event, as the callback module sees it, between two texts. */
static kr_err say_event(kr_buf *buf, const char *verb, kr_term name, kr_term event,
                        const char *rest, const kr_term *terms)
{
        kr_term head[] = { name, kr_none(), kr_none() };
        char format[80] = "*DBG* ~ ";
        kr_err err;

        strncat(format, verb, 40);
        if (kr_match(event, "{{call, {~, _}}, ~}", &head[2], &head[1]))
                strcat(format, " call ~ from ~");
        else if (kr_match(event, "{~, ~}", &head[1], &head[2]))
                strcat(format, " ~ ~");
        err = kri_debug_say(buf, format, head);
        return err == KR_OK ? kri_debug_say(buf, rest, terms) : err;
}

kr_err kri_statem_print(kr_gen *g, kr_buf *buf, kr_term event, kr_term name)
{
        kr_term t[] = { name, kr_none(), kr_none(), kr_none() };
        kr_atom verb;

        (void)g;
        if (kr_match(event, "{in, ~, ~}", &t[1], &t[2]))
                return say_event(buf, "receive", name, t[1], " in state ~\n", &t[2]);
        if (kr_match(event, "{out, ~, {~, _}}", &t[1], &t[2]))
                return kri_debug_say(buf, "*DBG* ~ send ~ to ~\n", t);
        if (kr_match(event, "{~, ~, ~}", &verb, &t[2], &t[3])) {
                t[1] = kr_atom_term(verb); /* enter, module, start_timer, terminate */
                return kri_debug_say(buf, "*DBG* ~ ~ ~ in state ~\n", t);
        }
        if (kr_match(event, "{~, ~, ~, ~}", &verb, &t[1], &t[2],
                     &t[3])) /* postpone, consume */
                return say_event(buf, kr_atom_text(verb, NULL), name, t[1],
                                 kr_same(t[2], t[3]) ? " in state ~\n"
                                                     : " in state ~ => ~\n",
                                 &t[2]);
        t[1] = event;
        return kri_debug_say(buf, "*DBG* ~ ~\n", t);
}

/* -- gen_event -- */

kr_err kri_event_print(kr_gen *g, kr_buf *buf, kr_term event, kr_term name)
{
        kr_term t[] = { name, kr_none(), kr_none() };

        (void)g;
        if (kr_match(event, "{in, {notify, ~}}", &t[1]))
                return kri_debug_say(buf, "*DBG* ~ got event ~\n", t);
        if (kr_match(event, "{in, {_, _, {call, ~, ~}}}", &t[1], &t[2]))
                return kri_debug_say(buf, "*DBG* ~(~) got call ~\n", t);
        if (kr_match(event, "{in, ~}", &t[1]))
                return kri_debug_say(buf, "*DBG* ~ got ~\n", t);
        t[1] = event;
        return kri_debug_say(buf, "*DBG* ~ : ~\n", t);
}
