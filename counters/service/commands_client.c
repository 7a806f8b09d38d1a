/* SPDX-License-Identifier: Apache-2.0 */
/* commands_client.c: the commands that are about the connection. */
#include "commands.h"

#include <string.h>

void command_ping(struct session *s, const struct session_args *args)
{
        kr_bytes text;

        session_settle(s);
        if (args->count > 2) {
                commands_say_arity(s, "ping");
        } else if (args->count == 2) {
                text = session_arg(args, 1);
                reply_bulk(&s->out, text.data, text.len);
        } else {
                reply_status(&s->out, "PONG");
        }
}

void command_echo(struct session *s, const struct session_args *args)
{
        kr_bytes text = session_arg(args, 1);

        session_settle(s);
        reply_bulk(&s->out, text.data, text.len);
}

void command_quit(struct session *s, const struct session_args *args)
{
        (void)args;
        session_settle(s);
        reply_status(&s->out, "OK");
        s->closing = true;
}

void command_select(struct session *s, const struct session_args *args)
{
        kr_bytes arg = session_arg(args, 1);
        int64_t index;

        session_settle(s);
        if (!resp_int64(arg.data, arg.len, &index))
                reply_error(&s->out, "ERR value is not an integer or out of range");
        else if (index != 0)
                reply_error(&s->out, "ERR DB index is out of range");
        else
                reply_status(&s->out, "OK");
}

/* -- CLIENT -- */

static bool set_name(struct session *s, kr_bytes name)
{
        const char *text = name.data;

        if (name.len >= sizeof(s->client_name))
                return false;
        for (size_t i = 0; i < name.len; i++)
                if (text[i] < '!' || text[i] > '~')
                        return false;
        memcpy(s->client_name, text, name.len);
        s->client_name[name.len] = '\0';
        return true;
}

static void say_set_name(struct session *s, kr_bytes name)
{
        if (set_name(s, name))
                reply_status(&s->out, "OK");
        else
                reply_error(&s->out,
                            "ERR Client names cannot contain spaces, newlines or "
                            "special characters.");
}

static void say_get_name(struct session *s)
{
        if (s->client_name[0] != '\0')
                reply_text(&s->out, s->client_name);
        else
                reply_nil(&s->out);
}

static void say_set_info(struct session *s, kr_bytes what)
{
        if (commands_is(what, "lib-name") || commands_is(what, "lib-ver"))
                reply_status(&s->out, "OK");
        else
                reply_error(&s->out, "ERR Unrecognized option '%.*s'",
                            (int)(what.len < 64 ? what.len : 64),
                            (const char *)what.data);
}

/* Does a subcommand of so many arguments fit this word? What is wrong is said, and is a fit. */
static bool is_sub(struct session *s, const struct session_args *args, const char *word,
                   uint32_t count, bool *ret_wrong)
{
        if (!commands_is(session_arg(args, 1), word))
                return false;
        *ret_wrong = args->count != count;
        if (*ret_wrong)
                reply_error(&s->out,
                            "ERR wrong number of arguments for 'client|%s' command",
                            word);
        return true;
}

void command_client(struct session *s, const struct session_args *args)
{
        kr_bytes sub = session_arg(args, 1);
        bool wrong = false;

        session_settle(s);
        if (is_sub(s, args, "id", 2, &wrong)) {
                if (!wrong)
                        reply_integer(&s->out, s->id);
        } else if (is_sub(s, args, "getname", 2, &wrong)) {
                if (!wrong)
                        say_get_name(s);
        } else if (is_sub(s, args, "setname", 3, &wrong)) {
                if (!wrong)
                        say_set_name(s, session_arg(args, 2));
        } else if (is_sub(s, args, "setinfo", 4, &wrong)) {
                if (!wrong)
                        say_set_info(s, session_arg(args, 2));
        } else {
                reply_error(&s->out, "ERR unknown subcommand '%.*s'. Try CLIENT HELP.",
                            (int)(sub.len < 128 ? sub.len : 128), (const char *)sub.data);
        }
}

/* -- HELLO: version 2 is spoken here, and no other -- */

static void say_hello(struct session *s)
{
        reply_array(&s->out, 14);
        reply_text(&s->out, "server");
        reply_text(&s->out, "redis");
        reply_text(&s->out, "version");
        reply_text(&s->out, SERVICE_REDIS_VERSION);
        reply_text(&s->out, "proto");
        reply_integer(&s->out, 2);
        reply_text(&s->out, "id");
        reply_integer(&s->out, s->id);
        reply_text(&s->out, "mode");
        reply_text(&s->out, "standalone");
        reply_text(&s->out, "role");
        reply_text(&s->out, "master");
        reply_text(&s->out, "modules");
        reply_array(&s->out, 0);
}

/* AUTH and SETNAME may come with it. False: it has been said what is wrong. */
static bool take_hello_options(struct session *s, const struct session_args *args)
{
        for (uint32_t i = 2; i < args->count; i++) {
                kr_bytes word = session_arg(args, i);

                if (commands_is(word, "setname") && i + 1 < args->count) {
                        if (set_name(s, session_arg(args, ++i)))
                                continue;
                        say_set_name(s, session_arg(args, i));
                } else if (commands_is(word, "auth") && i + 2 < args->count) {
                        reply_error(&s->out, "ERR AUTH <password> called without any "
                                             "password configured for the default user. "
                                             "Are you sure your configuration is "
                                             "correct?");
                } else {
                        reply_error(&s->out, "ERR Syntax error in HELLO option '%.*s'",
                                    (int)(word.len < 128 ? word.len : 128),
                                    (const char *)word.data);
                }
                return false;
        }
        return true;
}

void command_hello(struct session *s, const struct session_args *args)
{
        int64_t version = 2;
        kr_bytes arg;

        session_settle(s);
        if (args->count > 1) {
                arg = session_arg(args, 1);
                if (!resp_int64(arg.data, arg.len, &version)) {
                        reply_error(&s->out, "ERR Protocol version is not an integer or "
                                             "out of range");
                        return;
                }
        }
        if (version != 2)
                reply_error(&s->out, "NOPROTO unsupported protocol version");
        else if (take_hello_options(s, args))
                say_hello(s);
}
