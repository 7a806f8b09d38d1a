/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: which commands there are, and what each does. Errors are Redis's, word for word. */
#ifndef SERVICE_COMMANDS_H
#define SERVICE_COMMANDS_H

#include "session.h"

struct command {
        const char *name;  /* in lower case */
        int arity;         /* with its name; -2: 2 or more */
        const char *flags; /* as COMMAND has them, with a space between */
        int first_key, last_key, key_step;
        const char *group, *summary;
        void (*execute)(struct session *s, const struct session_args *args);
};

/* All, by name. */
extern const struct command commands[];
extern const size_t command_count;

/* Execute one request: of the table, of the module `counter`, or none that anybody knows. */
void commands_execute(struct session *s, const struct session_args *args);

/* An argument is this word, in whatever case. */
bool commands_is(kr_bytes arg, const char *word);

/* What several commands say. */
void commands_say_arity(struct session *s, const char *command);

/* -- what the table is made of: commands_counter.c -- */
void command_incr(struct session *s, const struct session_args *args);
void command_incrby(struct session *s, const struct session_args *args);
void command_decr(struct session *s, const struct session_args *args);
void command_decrby(struct session *s, const struct session_args *args);
void command_tick(struct session *s, const struct session_args *args);
void command_get(struct session *s, const struct session_args *args);
void command_set(struct session *s, const struct session_args *args);
void command_del(struct session *s, const struct session_args *args);
void command_exists(struct session *s, const struct session_args *args);
void command_keys(struct session *s, const struct session_args *args);
void command_dbsize(struct session *s, const struct session_args *args);

/* A command of the module's own, if it knows it: false otherwise. */
bool command_of_module(struct session *s, const struct session_args *args);

/* Those that it has: gives a new term, [{Name, Arity, Summary}]. */
kr_term commands_of_module(void);

/* -- commands_client.c -- */
void command_ping(struct session *s, const struct session_args *args);
void command_echo(struct session *s, const struct session_args *args);
void command_quit(struct session *s, const struct session_args *args);
void command_select(struct session *s, const struct session_args *args);
void command_hello(struct session *s, const struct session_args *args);
void command_client(struct session *s, const struct session_args *args);

/* -- commands_server.c -- */
void command_command(struct session *s, const struct session_args *args);
void command_config(struct session *s, const struct session_args *args);
void command_info(struct session *s, const struct session_args *args);

/* -- commands_debug.c -- */
void command_debug(struct session *s, const struct session_args *args);

#endif
