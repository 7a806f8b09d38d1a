/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define UNKNOWN_ARGS_MAX 128 /* bytes of the arguments that are told back */

/* clang-format off */
const struct command commands[] = {
        { "client",  -2, "noscript loading stale",        0, 0, 0, "connection", "What the server knows of a connection", command_client },
        { "command", -1, "loading stale",                 0, 0, 0, "server",     "Which commands there are", command_command },
        { "config",  -2, "admin noscript loading stale",  0, 0, 0, "server",     "Read how the server is set up", command_config },
        { "dbsize",   1, "readonly fast",                 0, 0, 0, "server",     "How many counters there are", command_dbsize },
        { "debug",   -2, "admin noscript loading stale",  0, 0, 0, "server",     "Hurt the server; see README.md", command_debug },
        { "decr",     2, "write denyoom fast",            1, 1, 1, "string",     "Count one less", command_decr },
        { "decrby",   3, "write denyoom fast",            1, 1, 1, "string",     "Count so much less", command_decrby },
        { "del",     -2, "write",                         1, -1, 1, "generic",   "Remove counters", command_del },
        { "echo",     2, "loading stale fast",            0, 0, 0, "connection", "Say what was said", command_echo },
        { "exists",  -2, "readonly fast",                 1, -1, 1, "generic",   "How many of these counters there are", command_exists },
        { "get",      2, "readonly fast",                 1, 1, 1, "string",     "What a counter has counted", command_get },
        { "hello",   -1, "noscript loading stale fast",   0, 0, 0, "connection", "Agree on the protocol, which is version 2", command_hello },
        { "incr",     2, "write denyoom fast",            1, 1, 1, "string",     "Count one more", command_incr },
        { "incrby",   3, "write denyoom fast",            1, 1, 1, "string",     "Count so much more", command_incrby },
        { "info",    -1, "loading stale",                 0, 0, 0, "server",     "What the server has to tell of itself", command_info },
        { "keys",     2, "readonly",                      0, 0, 0, "generic",    "The names of counters that fit a pattern", command_keys },
        { "ping",    -1, "fast",                          0, 0, 0, "connection", "Is anybody there?", command_ping },
        { "quit",    -1, "noscript loading stale fast",   0, 0, 0, "connection", "End the connection", command_quit },
        { "select",   2, "loading stale fast",            0, 0, 0, "connection", "There is one database, 0", command_select },
        { "set",     -3, "write denyoom",                 1, 1, 1, "string",     "Let a counter begin at a number", command_set },
        { "tick",     4, "write denyoom fast",            1, 1, 1, "string",     "Count so much more, once for each id", command_tick },
};
/* clang-format on */
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

bool commands_is(kr_bytes arg, const char *word)
{
        return arg.len == strlen(word) && strncasecmp(arg.data, word, arg.len) == 0;
}

void commands_say_arity(struct session *s, const char *command)
{
        session_settle(s);
        reply_error(&s->out, "ERR wrong number of arguments for '%s' command", command);
}

static int compare(const char *name, kr_bytes arg)
{
        int order = strncasecmp(name, arg.data, arg.len);

        return order != 0 ? order : name[arg.len] != '\0';
}

static const struct command *look_up(kr_bytes name)
{
        size_t low = 0, high = command_count;

        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = compare(commands[middle].name, name);

                if (order == 0)
                        return &commands[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

/* Most requests begin with the same word as the one before. */
static const struct command *find(struct session *s, kr_bytes name)
{
        if (name.len == s->last_word_len &&
            memcmp(s->last_word, name.data, name.len) == 0)
                return s->last_command;
        if (name.len <= sizeof(s->last_word)) {
                s->last_word_len = (uint32_t)name.len;
                memcpy(s->last_word, name.data, name.len);
                return s->last_command = look_up(name);
        }
        return look_up(name);
}

/* With the beginning of what came after it, as Redis does. */
static void say_unknown(struct session *s, const struct session_args *args)
{
        char told[UNKNOWN_ARGS_MAX + 8] = "";
        size_t len = 0;
        kr_bytes name = session_arg(args, 0);

        for (uint32_t i = 1; i < args->count && len < UNKNOWN_ARGS_MAX; i++) {
                kr_bytes arg = session_arg(args, i);
                size_t room = UNKNOWN_ARGS_MAX - len;

                len += (size_t)snprintf(told + len, sizeof(told) - len, "'%.*s' ",
                                        (int)(arg.len < room ? arg.len : room),
                                        (const char *)arg.data);
        }
        reply_error(&s->out, "ERR unknown command '%.*s', with args beginning with: %s",
                    (int)(name.len < 128 ? name.len : 128), (const char *)name.data,
                    told);
}

void commands_execute(struct session *s, const struct session_args *args)
{
        const struct command *command = find(s, session_arg(args, 0));
        int count = (int)args->count;

        if (command == NULL) {
                if (command_of_module(s, args))
                        return;
                session_settle(s);
                say_unknown(s, args);
        } else if (command->arity > 0 ? count != command->arity
                                      : count < -command->arity) {
                commands_say_arity(s, command->name);
        } else {
                command->execute(s, args);
        }
}
