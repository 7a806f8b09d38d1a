/* SPDX-License-Identifier: Apache-2.0 */
/* application: the stage, told: what is typed in Erlang, what is called here, what comes back;
 * and between the lines what the counter says. The folder of counter.app is given with -pa. */
#include "counter.h"
#include "counter_app.h"

#include "stage.h"

static struct {
        int argc;
        char **argv;
} given;

static void title(const char *text)
{
        stage_say("\n%s\n", text);
}

/* An answer that came into a slot. */
#define SHOW_ANSWER(erlang, call)                                                        \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                                                                                         \
                (void)(call);                                                            \
                stage_show_term(erlang, #call, slot.term);                               \
                kr_msg_clear(&slot);                                                     \
        } while (0)

static kr_pid where(void)
{
        return kr_global_whereis_name(kr_atom_term(KR_ATOM("counter")));
}

static void await_another(kr_pid old)
{
        while (kr_pid_is_none(where()) || kr_pid_eq(where(), old))
                kr_yield();
}

static void read_nobody(void *unused)
{
        kr_msg answer = KR_MSG_INIT;

        (void)unused;
        (void)counter_read(&answer);
}

static void tell_start(void)
{
        kr_term env;

        title("an application is described by counter.app, and started as a whole");
        SHOW_ANSWER("application:start(counter)",
                    kr_application_start("counter", KR_TEMPORARY, &slot));
        SHOW_ANSWER("application:start(counter)",
                    kr_application_start("counter", KR_TEMPORARY, &slot));
        SHOW_ANSWER("application:which_applications()",
                    kr_application_which(&slot, 5000));
        env = kr_application_get_all_env("counter");
        stage_show_term("application:get_all_env(counter)",
                        "kr_application_get_all_env(\"counter\")", env);
        kr_release(env);
}

static void tell_counter(void)
{
        kr_msg answer = KR_MSG_INIT;
        kr_pid old;

        title("the counter has a global name; a crash stays inside the application");
        STAGE_SHOW("counter:tick(7)", counter_tick(kr_int(7)));
        STAGE_SHOW("counter:read()", counter_read(&answer));
        old = where();
        kr_exit_signal(old, "kill");
        await_another(old);
        STAGE_SHOW("counter:read()", counter_read(&answer));
        kr_msg_clear(&answer);
}

static void tell_stop(void)
{
        title("stopped as a whole; nothing of it is left");
        SHOW_ANSWER("application:stop(counter)", kr_application_stop("counter", &slot));
        SHOW_ANSWER("application:stop(counter)", kr_application_stop("counter", &slot));
        stage_show_failure("counter:read()", "counter_read(&answer)", read_nobody);
}

static void tell_environment(void)
{
        kr_msg answer = KR_MSG_INIT;

        title("the value it begins with is configuration");
        kr_application_set_env("counter", "env", NULL, "~", 100);
        SHOW_ANSWER("application:start(counter)",
                    kr_application_start("counter", KR_TEMPORARY, &slot));
        STAGE_SHOW("counter:read()", counter_read(&answer));
        SHOW_ANSWER("application:stop(counter)", kr_application_stop("counter", &slot));
        kr_application_set_env("counter", "env", NULL, "\"none\"");
        title("a start that fails says why");
        SHOW_ANSWER("application:start(counter)",
                    kr_application_start("counter", KR_TEMPORARY, &slot));
        kr_msg_clear(&answer);
}

static void tell(void)
{
        static const kr_application *const known[] = { &counter_app, NULL };
        const kr_boot_opts opts = { .argc = given.argc,
                                    .argv = given.argv,
                                    .applications = known,
                                    .load_only = true };
        kr_buf error = KR_BUF_INIT;

        if (kr_boot(&opts, &error) != KR_OK)
                kr_exit("~", error.data);
        tell_start();
        tell_counter();
        tell_stop();
        (void)kr_logger_set_level(kr_here(), KR_LOG_NONE); /* enough is said */
        tell_environment();
}

int main(int argc, char **argv)
{
        given.argc = argc;
        given.argv = argv;
        return stage_run(tell);
}
