/* SPDX-License-Identifier: Apache-2.0 */
/* code_server: counters that change while they run, told: what is typed in Erlang, what is called
 * here, what comes back. The modules lie beside the program. */
#include <krarup.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"

static char folder[4000]; /* of the program */

static const char *file_of(const char *module, int version)
{
        static char file[4096];

        snprintf(file, sizeof(file), "%s/code_server_%s_%d.so", folder, module, version);
        return file;
}

/* {module, M}, or {error, Reason}, as Erlang shows it. Gives a new term. */
static kr_term load_file(const char *module, int version)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason, answer;

        if (kr_code_load(file_of(module, version), &msg) == KR_OK)
                answer = kr_keep(msg.term);
        else if (kr_match(msg.term, "{~, _}", &reason))
                answer = kr_build("{error, ~}", reason);
        else
                answer = kr_build("{error, ~}", msg.term);
        kr_msg_clear(&msg);
        return answer;
}

static bool soft_purge(const char *module)
{
        return kr_code_soft_purge(module, NULL);
}

static kr_term call(const char *module, const char *function)
{
        return kr_apply(module, function, "{}");
}

static kr_term tick(const char *module, int64_t n)
{
        return kr_apply(module, "tick", "{~}", n);
}

static void call_reset(void *unused)
{
        (void)unused;
        kr_release(call("counter", "reset"));
}

/* Its answer comes before it waits again. */
static void await_rest(const char *name)
{
        kr_msg msg = KR_MSG_INIT;

        do
                kr_yield();
        while (kr_process_info(kr_whereis(name), KR_ATOM("status"), &msg) &&
               !kr_match(msg.term, "{status, waiting}"));
        kr_msg_clear(&msg);
}

/* -- a plain loop -- */

static void tell_counter(void)
{
        kr_ref monitor;

        stage_say(
                "\ncounter: a loop that is called by its name, and so by its newest one\n");
        STAGE_SHOW("code:load_file(counter)", load_file("counter", 1));
        STAGE_SHOW("counter:start()", call("counter", "start"));
        monitor = kr_monitor("counter");
        STAGE_SHOW("counter:tick(42)", tick("counter", 42));
        STAGE_SHOW("counter:read()", call("counter", "read"));
        stage_show_failure("counter:reset()", "call(\"counter\", \"reset\")", call_reset);
        stage_say("  -- reset is written, and the file compiled --\n");
        await_rest("counter");
        STAGE_SHOW("code:soft_purge(counter)", soft_purge("counter"));
        STAGE_SHOW("code:load_file(counter)", load_file("counter", 2));
        stage_say(
                "  -- it still waits in version 1, which handles the next message --\n");
        STAGE_SHOW("code:soft_purge(counter)", soft_purge("counter"));
        STAGE_SHOW("counter:tick(0)", tick("counter", 0));
        STAGE_SHOW("counter:read()", call("counter", "read"));
        await_rest("counter");
        STAGE_SHOW("code:soft_purge(counter)", soft_purge("counter"));
        STAGE_SHOW("counter:reset()", call("counter", "reset"));
        STAGE_SHOW("counter:read()", call("counter", "read"));
        STAGE_SHOW("counter:stop()", call("counter", "stop"));
        stage_show_end("counter", monitor);
}

/* -- a gen_server -- */

static kr_term get_state(void)
{
        static kr_msg msg = KR_MSG_INIT;

        return kr_sys_get_state("counter_gen_server", &msg);
}

static kr_term replace_state(void)
{
        static kr_msg msg = KR_MSG_INIT;

        return kr_sys_replace_state("counter_gen_server", &msg, "#{value => 7}");
}

/* `ok`, or {error, Reason}, of a fault without the trace. Gives a new term. */
static kr_term change_code(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term fault, shown,
                answer = kr_sys_change_code("counter_gen_server", &msg,
                                            "{counter_gen_server, \"1\", []}");

        if (kr_match(answer, "{error, {'EXIT', {~, _}}}", &fault))
                shown = kr_build("{error, {'EXIT', ~}}", fault);
        else
                shown = kr_keep(answer);
        kr_msg_clear(&msg);
        return shown;
}

static void tell_server(void)
{
        static const char name[] = "counter_gen_server";
        kr_ref monitor;

        stage_say(
                "\ncounter_gen_server: a behaviour finds the new callbacks by itself\n");
        STAGE_SHOW("code:load_file(...)", load_file(name, 1));
        kr_release(call(name, "start"));
        monitor = kr_monitor(name);
        STAGE_SHOW("...server:tick(42)", tick(name, 42));
        STAGE_SHOW("sys:get_state(...)", get_state());
        STAGE_SHOW("code:load_file(...)", load_file(name, 2));
        STAGE_SHOW("code:soft_purge(...)", soft_purge(name));
        STAGE_SHOW("...server:read()", call(name, "read"));
        STAGE_SHOW("...server:reset()", call(name, "reset"));
        STAGE_SHOW("...server:read()", call(name, "read"));
        STAGE_SHOW("sys:replace_state(...)", replace_state());
        stage_say("  -- version 3 has another state, and a bug in its code_change --\n");
        STAGE_SHOW("sys:suspend(...)", kr_sys_suspend(name));
        STAGE_SHOW("code:load_file(...)", load_file(name, 3));
        STAGE_SHOW("sys:change_code(...)", change_code());
        STAGE_SHOW("sys:resume(...)", kr_sys_resume(name));
        STAGE_SHOW("...server:read()", call(name, "read"));
        STAGE_SHOW("...server:stop()", call(name, "stop"));
        stage_show_end(name, monitor);
}

static void tell(void)
{
        stage_say("  %-24s %-36s %s\n", "in Erlang", "here", "comes back");
        tell_counter();
        tell_server();
}

int main(int argc, char **argv)
{
        const char *slash = strrchr(argv[0], '/');

        (void)argc;
        snprintf(folder, sizeof(folder), "%.*s",
                 slash != NULL ? (int)(slash - argv[0]) : 1,
                 slash != NULL ? argv[0] : ".");
        return stage_run(tell);
}
