/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: what the program can be told to do, and how a command line is taken apart.
 *
 * Model    `krarup COMMAND OPTIONS ARGUMENTS`; options may stand anywhere before `--`, as
 *          --name VALUE, --name=VALUE or -n VALUE. What follows `--` belongs to the node:
 *          -App Key Value, -config FILE (see kr_boot).
 *          Each command is a constant in a file of its own; main.c has the table.
 */
#ifndef KR_CLI_COMMAND_H
#define KR_CLI_COMMAND_H

#include <krarup/base.h>

struct kri_option {
        const char *name;  /* without dashes; NULL ends a table */
        char letter;       /* 0: none */
        const char *value; /* what help calls its value; NULL: a flag */
        const char *help;
        bool *flag;        /* set by a flag */
        const char **text; /* set to the value */
};

/* A command line without its options. */
struct kri_args {
        int count;
        char **words; /* `count` of them */
        int rest_count;
        char **rest; /* behind -- */
};

struct kri_command {
        const char *name;
        const char *arguments; /* as help shows them: "NAME" */
        const char *summary;
        const char *help;                 /* sentences and examples */
        const struct kri_option *options; /* NULL: none but --help */
        int args_max;
        bool takes_rest; /* -- is allowed */
        int (*run)(const struct kri_args *args);
};

extern const struct kri_command kri_command_doctor, kri_command_eval, kri_command_help,
        kri_command_new, kri_command_rollback, kri_command_run, kri_command_shell,
        kri_command_start, kri_command_status, kri_command_stop, kri_command_tree,
        kri_command_upgrade;

/* All of them, in the order of help, and NULL. */
extern const struct kri_command *const kri_commands[];

/* NULL: none of this name; told, with the nearest. */
const struct kri_command *kri_command_find(const char *name);

/* Take the options out of a command line and run the command: what to return. */
int kri_command_run_line(const struct kri_command *command, int argc, char **argv);

void kri_command_show_help(const struct kri_command *command);
/* What the program does. */
void kri_show_overview(void);

/* A number of at least `min` from an option's text; false: told. */
bool kri_option_number(const char *name, const char *text, int64_t min, int64_t *ret);

#endif
