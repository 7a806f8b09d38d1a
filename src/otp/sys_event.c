/* SPDX-License-Identifier: Apache-2.0 */
/* sys_event.c: events as text, laid out as OTP's gen_server does it. */
#include "sys.h"

#include <krarup/text.h>

#include <string.h>

struct text {
        kr_buf *buf;
        kr_err err; /* the first that came; nothing is appended after it */
};

static void say(struct text *text, const char *words)
{
        if (text->err == KR_OK)
                text->err = kr_buf_append(text->buf, words, strlen(words));
}

static void say_term(struct text *text, kr_term t)
{
        if (text->err == KR_OK)
                text->err = kr_print_to(text->buf, t, NULL);
}

static void say_in(struct text *text, kr_term msg)
{
        kr_term what, from;

        if (kr_match(msg, "{'$gen_call', {~, _}, ~}", &from, &what)) {
                say(text, " got call ");
                say_term(text, what);
                say(text, " from ");
                say_term(text, from);
        } else if (kr_match(msg, "{'$gen_cast', ~}", &what)) {
                say(text, " got cast ");
                say_term(text, what);
        } else {
                say(text, " got ");
                say_term(text, msg);
        }
}

static void say_out(struct text *text, kr_term msg, kr_term to, kr_term state)
{
        say(text, " sent ");
        say_term(text, msg);
        say(text, " to ");
        say_term(text, to);
        say(text, ", new state ");
        say_term(text, state);
}

kr_err kri_sys_event_text(kr_buf *buf, kr_term event, kr_term name)
{
        struct text text = { buf, KR_OK };
        kr_term msg, to, state;

        say(&text, "*DBG* ");
        say_term(&text, name);
        if (kr_match(event, "{in, ~}", &msg)) {
                say_in(&text, msg);
        } else if (kr_match(event, "{out, ~, {~, _}, ~}", &msg, &to, &state)) {
                say_out(&text, msg, to, state);
        } else if (kr_match(event, "{noreply, ~}", &state)) {
                say(&text, " new state ");
                say_term(&text, state);
        } else {
                say(&text, " dbg  ");
                say_term(&text, event);
        }
        say(&text, "\n");
        return text.err;
}
