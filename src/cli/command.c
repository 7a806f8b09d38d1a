/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 16

const struct kri_command *const kri_commands[] = { &kri_command_new,
                                                   &kri_command_run,
                                                   &kri_command_start,
                                                   &kri_command_stop,
                                                   &kri_command_status,
                                                   &kri_command_shell,
                                                   &kri_command_eval,
                                                   &kri_command_tree,
                                                   &kri_command_upgrade,
                                                   &kri_command_rollback,
                                                   &kri_command_doctor,
                                                   &kri_command_help,
                                                   NULL };

/* -- help -- */

void kri_show_overview(void)
{
        kri_say_in(KRI_BOLD, "krarup %s", kr_version());
        kri_say(": Erlang/OTP's world for C programs\n\n    krarup COMMAND [OPTIONS]\n\n");
        for (int i = 0; kri_commands[i] != NULL; i++) {
                kri_say_in(KRI_BOLD, "    %-10s", kri_commands[i]->name);
                kri_say("%s\n", kri_commands[i]->summary);
        }
        kri_say("\nTo begin:\n\n    krarup new counter && cd counter && krarup run\n\n"
                "`krarup COMMAND --help` says more.\n");
}

static void show_option(const struct kri_option *o)
{
        char left[60];

        (void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter != 0 ? "-" : "",
                       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "   ",
                       o->name, o->value != NULL ? " " : "",
                       o->value != NULL ? o->value : "");
        kri_say("    %-26s %s\n", left, o->help);
}

void kri_command_show_help(const struct kri_command *c)
{
        static const struct kri_option help = { "help", 'h', NULL, "this", NULL, NULL };

        kri_say("%s\n\n", c->summary);
        kri_say_in(KRI_BOLD, "    krarup %s", c->name);
        kri_say(" [OPTIONS]%s%s%s\n\n", c->arguments[0] != 0 ? " " : "", c->arguments,
                c->takes_rest ? " [-- NODE-ARGUMENTS]" : "");
        for (const struct kri_option *o = c->options; o != NULL && o->name != NULL; o++)
                show_option(o);
        show_option(&help);
        kri_say("\n%s", c->help);
}

/* -- command lines -- */

static const struct kri_option *option_of(const struct kri_command *c, const char *name,
                                          size_t len)
{
        for (const struct kri_option *o = c->options; o != NULL && o->name != NULL; o++) {
                if ((len > 1 && strlen(o->name) == len &&
                     strncmp(o->name, name, len) == 0) ||
                    (len == 1 && o->letter == name[0]))
                        return o;
        }
        return NULL;
}

static void complain_of_option(const struct kri_command *c, const char *name, size_t len)
{
        const char *names[OPTIONS_MAX] = { "help" }, *nearest;
        char typed[80];
        int count = 1;

        (void)snprintf(typed, sizeof(typed), "%.*s", (int)len, name);
        for (const struct kri_option *o = c->options;
             o != NULL && o->name != NULL && count < OPTIONS_MAX - 1; o++)
                names[count++] = o->name;
        nearest = kri_nearest(typed, names);
        if (nearest != NULL)
                kri_complain("%s has no option --%s; did you mean --%s?", c->name, typed,
                             nearest);
        else
                kri_complain("%s has no option %s%s; `krarup %s --help` shows all",
                             c->name, len == 1 ? "-" : "--", typed, c->name);
}

/* The option that stands at argv[*at], with its value; *at stays at the last word taken. */
static bool take_option(const struct kri_command *c, int argc, char **argv, int *at)
{
        const char *word = argv[*at], *name = word + 1 + (word[1] == '-');
        size_t len = strcspn(name, "=");
        const char *value = name[len] == '=' ? name + len + 1 : NULL;
        const struct kri_option *o = option_of(c, name, len);

        if (o == NULL || (len == 1) != (word[1] != '-')) {
                complain_of_option(c, name, len);
                return false;
        }
        if (o->value == NULL) {
                if (value != NULL)
                        kri_complain("--%s takes no value", o->name);
                else
                        *o->flag = true;
                return value == NULL;
        }
        if (value == NULL && *at + 1 < argc)
                value = argv[++*at];
        if (value == NULL) {
                kri_complain("--%s wants a value: --%s %s", o->name, o->name, o->value);
                return false;
        }
        *o->text = value;
        return true;
}

int kri_command_run_line(const struct kri_command *c, int argc, char **argv)
{
        struct kri_args args = { .words = argv };

        for (int i = 0; i < argc; i++) {
                if (strcmp(argv[i], "--") == 0 && c->takes_rest) {
                        args.rest = argv + i + 1;
                        args.rest_count = argc - i - 1;
                        break;
                }
                if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
                        kri_command_show_help(c);
                        return KRI_DONE;
                }
                if (argv[i][0] == '-' && argv[i][1] != 0) {
                        if (!take_option(c, argc, argv, &i))
                                return KRI_USAGE;
                } else {
                        args.words[args.count++] = argv[i];
                }
        }
        if (args.count > c->args_max) {
                kri_complain("%s: what is %s? Try: krarup %s%s%s", c->name,
                             args.words[c->args_max], c->name,
                             c->arguments[0] != 0 ? " " : "", c->arguments);
                return KRI_USAGE;
        }
        return c->run(&args);
}

const struct kri_command *kri_command_find(const char *name)
{
        const char *names[32], *nearest;
        int count = 0;

        for (; kri_commands[count] != NULL; count++) {
                if (strcmp(kri_commands[count]->name, name) == 0)
                        return kri_commands[count];
                names[count] = kri_commands[count]->name;
        }
        names[count] = NULL;
        nearest = kri_nearest(name, names);
        if (nearest != NULL)
                kri_complain("there is no command %s; did you mean %s?", name, nearest);
        else
                kri_complain("there is no command %s; `krarup help` shows all", name);
        return NULL;
}

bool kri_option_number(const char *name, const char *text, int64_t min, int64_t *ret)
{
        char *end;
        long long n = strtoll(text, &end, 10);

        if (*end == 0 && end != text && n >= min && n <= INT32_MAX) {
                *ret = n;
                return true;
        }
        kri_complain("--%s wants a number of at least %lld, not %s", name, (long long)min,
                     text);
        return false;
}
