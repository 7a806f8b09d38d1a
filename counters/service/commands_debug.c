/* SPDX-License-Identifier: Apache-2.0 */
/* commands_debug.c: DEBUG, by which the service is hurt on purpose; only if it was started so.
 *
 *      DEBUG SEGFAULT name         the process of that counter writes to address 0
 *      DEBUG KILL acceptors        all of them; :4
 *      DEBUG KILL connections      all but this one
 */
#include "commands.h"

#include "registry.h"

static void say_wrong(struct session *s)
{
        reply_error(&s->out, "ERR unknown subcommand or wrong number of arguments. "
                             "Try DEBUG SEGFAULT name, DEBUG KILL acceptors, "
                             "DEBUG KILL connections.");
}

static void segfault(struct session *s, kr_bytes name)
{
        kr_pid pid;

        if (registry_find(name, &pid) != REGISTRY_UP) {
                reply_error(&s->out, "ERR no such key");
                return;
        }
        kr_cast(pid, "segfault");
        reply_status(&s->out, "OK");
}

static void kill_children(struct session *s, const char *supervisor)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t count = 0;
        kr_pid pid;

        for (kr_term l = kr_supervisor_which_children(supervisor, &slot); kr_is_cons(l);
             l = kr_tl(l)) {
                if (!kr_match(kr_hd(l), "{_, ~, _, _}", &pid) ||
                    kr_pid_eq(pid, kr_self()))
                        continue;
                kr_exit_signal(pid, "kill");
                count++;
        }
        kr_msg_clear(&slot);
        reply_integer(&s->out, count);
}

void command_debug(struct session *s, const struct session_args *args)
{
        kr_bytes sub = session_arg(args, 1), what;

        session_settle(s);
        if (!s->service->opts.debug) {
                reply_error(&s->out,
                            "ERR DEBUG command not allowed. If the "
                            "enable-debug-command option is set to \"local\", you "
                            "can run it from a local connection, otherwise you "
                            "need to set this option in the configuration file, "
                            "and then restart the server.");
                return;
        }
        if (args->count != 3) {
                say_wrong(s);
                return;
        }
        what = session_arg(args, 2);
        if (commands_is(sub, "segfault"))
                segfault(s, what);
        else if (commands_is(sub, "kill") && commands_is(what, "acceptors"))
                kill_children(s, "acceptors_sup");
        else if (commands_is(sub, "kill") && commands_is(what, "connections"))
                kill_children(s, "connections_sup");
        else
                say_wrong(s);
}
