/* SPDX-License-Identifier: Apache-2.0 */
/* logger_report.c: what OTP's reports say to people: a line with who, what and why, the place in
 * the user's source that it comes from, and what else is known. */
#include "logger.h"

#include <krarup/message.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRACE_LINES 12

/* What is described: the event, its first line, and its details. */
struct tale {
        kr_log_event *event;
        struct kri_words *text, *details;
};

/* -- places in the source -- */

/* Where this library was compiled from: frames of it are not the user's. */
static bool is_ours(kr_bytes file)
{
        static const char here[] = __FILE__;
        size_t len = strlen(here) - strlen("otp/logger_report.c");

        return file.len > len && memcmp(file.data, here, len) == 0;
}

static bool is_frame(kr_term t, kr_bytes *ret_function, kr_bytes *ret_file, int *ret_line)
{
        kr_term place;

        *ret_file = (kr_bytes){ NULL, 0 };
        *ret_line = 0;
        if (!kr_match(t, "{~, _, ~}", ret_function, &place) || !kr_is_list(place))
                return false;
        (void)kr_match(place, "[{file, ~}, {line, ~} | _]", ret_file, ret_line);
        return true;
}

static bool is_class(kr_term t)
{
        return kr_match(t, "error") || kr_match(t, "exit") || kr_match(t, "throw");
}

/* {Reason, Trace}, or a state machine's {Class, Reason, Trace}, taken apart; false: there is no
 * trace in it. */
static bool split(kr_term reason, kr_term *ret_why, kr_term *ret_trace)
{
        kr_bytes function, file;
        kr_term class, why, trace;
        int line;

        (void)kr_match(reason, "{'EXIT', ~}", &reason); /* of a handler of events */
        if (kr_match(reason, "{~, ~, ~}", &class, &why, &trace)
                    ? !is_class(class) || !kr_is_list(trace)
                    : !kr_match(reason, "{~, ~}", &why, &trace) || !kr_is_cons(trace) ||
                              !is_frame(kr_hd(trace), &function, &file, &line))
                return false;
        *ret_why = why;
        *ret_trace = trace;
        return true;
}

static bool is_our_function(kr_bytes function)
{
        return function.len > 3 && (memcmp(function.data, "kr_", 3) == 0 ||
                                    memcmp(function.data, "kri", 3) == 0);
}

/* The innermost frame that is the user's; best one with a line. */
static bool find_place(kr_term trace, kr_bytes *ret_function, kr_bytes *ret_file,
                       int *ret_line)
{
        kr_bytes function, file;
        bool found = false;
        int line;

        for (; kr_is_cons(trace); trace = kr_tl(trace)) {
                if (!is_frame(kr_hd(trace), &function, &file, &line) ||
                    (file.data != NULL ? is_ours(file) : is_our_function(function)) ||
                    (found && file.data == NULL))
                        continue;
                *ret_function = function;
                *ret_file = file;
                *ret_line = line;
                found = true;
                if (file.data != NULL)
                        break;
        }
        return found;
}

/* -- pieces -- */

static void say_detail(struct tale *t, const char *name, kr_term value)
{
        kri_say(t->details, "%-14s", name);
        kri_say_term(t->details, value);
        kri_say(t->details, "\n");
}

static void say_detail_unless_empty(struct tale *t, const char *name, kr_term value)
{
        if (!kr_is_nil(value) && !kr_match(value, "undefined"))
                say_detail(t, name, value);
}

static void say_trace(struct tale *t, kr_term trace)
{
        int count = 0;

        for (; kr_is_cons(trace) && count < TRACE_LINES; trace = kr_tl(trace), count++) {
                kr_bytes function, file;
                int line;

                if (!is_frame(kr_hd(trace), &function, &file, &line))
                        return;
                kri_say(t->details, "%-14s", count == 0 ? "trace" : "");
                kri_say_bytes(t->details, function.data, function.len);
                if (file.data != NULL) {
                        kri_say(t->details, "  ");
                        kri_say_bytes(t->details, file.data, file.len);
                        kri_say(t->details, ":%d", line);
                }
                kri_say(t->details, "\n");
        }
}

static bool is_fault(kr_term why, const char **ret_name, int64_t *ret_address)
{
        kr_atom fault;

        if (!kr_match(why, "{~, ~}", &fault, ret_address))
                return false;
        *ret_name = kr_atom_text(fault, NULL);
        return strncmp(*ret_name, "sig", 3) == 0 ||
               strcmp(*ret_name, "stack_overflow") == 0;
}

static void say_reason(struct tale *t, kr_term reason);

/* A reason, in a few words: "badarith in handle_cast". The place of the event is where it
 * comes from. */
static void say_why(struct tale *t, kr_term why, kr_term trace)
{
        kr_bytes function = { NULL, 0 }, file = { NULL, 0 };
        const char *fault;
        int64_t address;
        kr_term thrown, module, inner;
        int line = 0;

        if (kr_match(why, "{bad_return, {{~, start, _}, {'EXIT', ~}}}", &module,
                     &inner)) {
                kri_say_short(t->text, module);
                kri_say(t->text, ":start crashed: ");
                say_reason(t, inner);
                return;
        }
        if (is_fault(why, &fault, &address)) {
                kri_say(t->text, "%s at address 0x%" PRIx64, fault, (uint64_t)address);
        } else if (kr_match(why, "{nocatch, ~}", &thrown)) {
                kri_say(t->text, "nobody caught the throw of ");
                kri_say_short(t->text, thrown);
        } else {
                kri_say_short(t->text, why);
        }
        if (!find_place(trace, &function, &file, &line))
                return;
        kri_say(t->text, " in ");
        kri_say_bytes(t->text, function.data, function.len);
        t->event->file = file.data; /* a binary ends with a zero byte */
        t->event->function = function.data;
        t->event->line = line;
}

static void say_reason(struct tale *t, kr_term reason)
{
        kr_term why = reason, trace = kr_nil();

        (void)split(reason, &why, &trace);
        say_why(t, why, trace);
}

static void say_reason_trace(struct tale *t, kr_term reason)
{
        kr_term why, trace;

        if (split(reason, &why, &trace))
                say_trace(t, trace);
}

static void say_remedy(struct tale *t, kr_term reason)
{
        const char *remedy = kr_remedy(reason);

        if (remedy != NULL)
                kri_say(t->details, "%-14s%s\n", "what to do", remedy);
}

/* The value of a key of a property list; none. */
static kr_term property(kr_term list, const char *name)
{
        kr_term value;
        kr_atom key;

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &key, &value) &&
                    strcmp(kr_atom_text(key, NULL), name) == 0)
                        return value;
        return kr_none();
}

static kr_term map_value(kr_term map, kr_atom key)
{
        kr_term value;

        return kr_map_get(map, kr_atom_term(key), &value) ? value : kr_none();
}

/* A server's name: an atom, {global, Name}, a pid. */
static void say_name(struct kri_words *out, kr_term name)
{
        kr_term inner;
        kr_pid pid;

        if (kr_match(name, "{local, ~}", &inner))
                name = inner;
        if (kr_match(name, "{~, ~}", &pid, &inner)) { /* a supervisor without a name */
                kri_say_short(out, inner);
                kri_say(out, " ");
                kri_say_pid(out, pid);
                return;
        }
        kri_say_short(out, name);
}

/* -- crash reports -- */

/* Its registered name, or the function that it began with. */
static void say_process(struct tale *t, kr_term own)
{
        kr_term name = property(own, "registered_name"),
                call = property(own, "initial_call");
        kr_term pid = property(own, "pid"), function;

        if (kr_is_atom(name))
                kri_say_short(t->text, name);
        else if (kr_match(call, "{~, init, _}", &name)) /* a behaviour: its module */
                kri_say_string(t->text, name);
        else if (kr_match(call, "{_, ~, _}", &function) ||
                 kr_match(call, "{~, _}", &function))
                kri_say_string(t->text, function);
        else
                kri_say(t->text, "process");
        kri_say(t->text, " ");
        kri_say_short(t->text, pid);
}

static void say_ancestors(struct tale *t, kr_term ancestors)
{
        const char *sign = "";

        if (!kr_is_cons(ancestors))
                return;
        kri_say(t->details, "%-14s", "started by");
        for (; kr_is_cons(ancestors); ancestors = kr_tl(ancestors), sign = " < ") {
                kri_say(t->details, "%s", sign);
                kri_say_short(t->details, kr_hd(ancestors));
        }
        kri_say(t->details, "\n");
}

static void say_neighbours(struct tale *t, kr_term neighbours)
{
        kr_term neighbour;

        for (; kr_is_cons(neighbours); neighbours = kr_tl(neighbours))
                if (kr_match(kr_hd(neighbours), "{neighbour, ~}", &neighbour))
                        say_detail(t, "neighbour", neighbour);
}

static void say_numbers(struct tale *t, kr_term own)
{
        kri_say(t->details, "%-14s", "numbers");
        kri_say_short(t->details, property(own, "reductions"));
        kri_say(t->details, " reductions, heap ");
        kri_say_short(t->details, property(own, "heap_size"));
        kri_say(t->details, " words, stack ");
        kri_say_short(t->details, property(own, "stack_size"));
        kri_say(t->details, " words, trap_exit ");
        kri_say_short(t->details, property(own, "trap_exit"));
        kri_say(t->details, "\n");
}

/* Why, what to do, and where; a throw as what nobody caught. */
static void say_error_info(struct tale *t, kr_term info)
{
        kr_term why = kr_nil(), trace = kr_nil(), thrown;

        if (kr_match(info, "{throw, ~, ~}", &why, &trace)) {
                thrown = kr_build("{nocatch, ~}", why);
                say_why(t, thrown, trace);
                say_remedy(t, thrown);
                kr_release(thrown);
        } else {
                (void)kr_match(info, "{_, ~, ~}", &why, &trace);
                say_why(t, why, trace);
                say_remedy(t, why);
        }
        say_trace(t, trace);
}

static void tell_crash(struct tale *t, kr_term report)
{
        kr_term own = kr_nil(), neighbours = kr_nil();

        if (!kr_match(report, "[~, ~]", &own, &neighbours))
                return;
        say_process(t, own);
        kri_say(t->text, " crashed: ");
        say_error_info(t, property(own, "error_info"));
        say_ancestors(t, property(own, "ancestors"));
        if (!kr_match(property(own, "message_queue_len"), "0")) {
                say_detail(t, "messages", property(own, "message_queue_len"));
                say_detail_unless_empty(t, "  the first", property(own, "messages"));
        }
        say_detail_unless_empty(t, "links", property(own, "links"));
        say_detail_unless_empty(t, "dictionary", property(own, "dictionary"));
        say_numbers(t, own);
        say_neighbours(t, neighbours);
}

/* -- servers -- */

static void say_client(struct tale *t, kr_term client)
{
        kr_term pid, name, trace;

        if (kr_is_none(client) || kr_match(client, "undefined"))
                return;
        if (!kr_match(client, "{~, {~, ~}}", &pid, &name, &trace)) {
                say_detail(t, "client", client);
                return;
        }
        kri_say(t->details, "%-14s", "client");
        kri_say_short(t->details, name);
        if (!kr_same(name, pid)) {
                kri_say(t->details, " ");
                kri_say_short(t->details, pid);
        }
        kri_say(t->details, "\n");
}

/* gen_server, gen_statem, gen_event: what they have in common are some keys. */
static void tell_terminate(struct tale *t, kr_term map, const char *kind)
{
        static const char *const more[][2] = {
                { "last_message", "last message" }, { "queue", "events" },
                { "postponed", "postponed" },       { "state", "state" },
                { "timeouts", "timeouts" },         { "log", "log" },
        };
        kr_term reason = map_value(map, KR_ATOM("reason"));
        kr_term why = reason, trace = kr_nil();

        kri_say(t->text, "%s ", kind);
        say_name(t->text, map_value(map, KR_ATOM("name")));
        if (!kr_is_none(map_value(map, KR_ATOM("handler")))) {
                kri_say(t->text, ": handler ");
                say_name(t->text, map_value(map, KR_ATOM("handler")));
        }
        (void)split(reason, &why, &trace);
        kri_say(t->text, " terminates: ");
        say_why(t, why, trace);
        say_remedy(t, why);
        for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
                kr_term value;
                kr_atom key;

                if (kr_atom_from(more[i][0], strlen(more[i][0]), &key) == KR_OK &&
                    kr_map_get(map, kr_atom_term(key), &value))
                        say_detail_unless_empty(t, more[i][1], value);
        }
        say_client(t, map_value(map, KR_ATOM("client_info")));
        say_reason_trace(t, reason);
}

static void tell_no_handle_info(struct tale *t, kr_term map)
{
        kri_say_short(t->text, map_value(map, KR_ATOM("module")));
        kri_say(t->text, " has no handle_info and drops the message ");
        kri_say_short(t->text, map_value(map, KR_ATOM("message")));
        kri_say(t->details, "%-14s%s\n", "what to do",
                "write a handle_info that handles it, or drops it knowingly; or do not "
                "send it");
}

/* -- supervisors and applications -- */

static void say_child(struct tale *t, kr_term child)
{
        kr_term id = property(child, "id"), pid = property(child, "pid");

        if (kr_is_none(id))
                id = property(child, "mod");
        say_name(t->text, id);
        if (kr_is_pid(pid)) {
                kri_say(t->text, " ");
                kri_say_short(t->text, pid);
        }
}

static void say_child_details(struct tale *t, kr_term child)
{
        static const char *const more[][2] = { { "mfargs", "started as" },
                                               { "restart_type", "restart" },
                                               { "shutdown", "shutdown" },
                                               { "child_type", "type" } };

        for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
                kr_term value = property(child, more[i][0]);

                if (!kr_is_none(value))
                        say_detail(t, more[i][1], value);
        }
}

static void tell_supervisor(struct tale *t, kr_term list, kr_atom context)
{
        kr_term child = property(list, "offender"), reason = property(list, "reason");
        const char *what = kr_atom_text(context, NULL);

        kri_say(t->text, "supervisor ");
        say_name(t->text, property(list, "supervisor"));
        if (strcmp(what, "shutdown") == 0) {
                kri_say(t->text, " gives up: ");
                kri_say_short(t->text, reason);
                kri_say(t->text, ", the last child to end was ");
                say_child(t, child);
                say_remedy(t, reason);
                say_child_details(t, child);
                return;
        }
        kri_say(t->text, ": child ");
        say_child(t, child);
        if (strcmp(what, "start_error") == 0)
                kri_say(t->text, " cannot be started: ");
        else if (strcmp(what, "shutdown_error") == 0)
                kri_say(t->text, " was to shut down, but ended: ");
        else
                kri_say(t->text, " ended: ");
        say_reason(t, reason);
        say_remedy(t, reason);
        say_child_details(t, child);
}

static void tell_unexpected(struct tale *t, kr_term list)
{
        kri_say(t->text, "supervisor ");
        say_name(t->text, property(list, "supervisor"));
        kri_say(t->text, " drops a message that is not for it: ");
        kri_say_short(t->text, property(list, "message"));
        kri_say(t->details, "%-14s%s\n", "what to do",
                "find who sends it: a supervisor is called (supervisor.h), and sent nothing");
}

static void tell_progress(struct tale *t, kr_term list)
{
        kr_term child = property(list, "started"), app = property(list, "application");

        if (!kr_is_none(app)) {
                kri_say(t->text, "application ");
                kri_say_short(t->text, app);
                kri_say(t->text, " started on ");
                kri_say_short(t->text, property(list, "started_at"));
                return;
        }
        kri_say(t->text, "supervisor ");
        say_name(t->text, property(list, "supervisor"));
        kri_say(t->text, ": started ");
        say_child(t, child);
        say_child_details(t, child);
}

static void tell_exit(struct tale *t, kr_term list)
{
        kri_say(t->text, "application ");
        kri_say_short(t->text, property(list, "application"));
        kri_say(t->text, " exited: ");
        say_reason(t, property(list, "exited"));
        kri_say(t->text, " (");
        kri_say_short(t->text, property(list, "type"));
        kri_say(t->text, ")");
        say_remedy(t, property(list, "exited"));
}

/* A callback of an application's that crashed while it was stopped. */
static void tell_shutdown_error(struct tale *t, kr_term list)
{
        kr_term module, function, reason;

        if (!kr_match(list, "[{~, {~, _}}, {error_info, ~}]", &module, &function,
                      &reason)) {
                kri_say_term(t->text, t->event->report);
                return;
        }
        kri_say(t->text, "application module ");
        kri_say_short(t->text, module);
        kri_say(t->text, ": ");
        kri_say_short(t->text, function);
        kri_say(t->text, " crashed, the application stops all the same: ");
        say_reason(t, reason);
        say_remedy(t, reason);
        say_reason_trace(t, reason);
}

/* -- all of them -- */

void kri_log_describe(kr_log_event *event, kr_term report, struct kri_words *text,
                      struct kri_words *details)
{
        struct tale t = { event, text, details };
        kr_term list = map_value(report, KR_ATOM("report"));
        kr_atom who, what;

        event->report = report;
        event->domain = "otp";
        if (!kr_match(report, "#{label => {~, ~}}", &who, &what)) {
                kri_say_term(text, report);
        } else if (kr_match(report, "#{label => {proc_lib, crash}}")) {
                event->domain = "otp.sasl";
                tell_crash(&t, list);
        } else if (kr_match(report, "#{label => {_, terminate}}")) {
                tell_terminate(&t, report, kr_atom_text(who, NULL));
        } else if (kr_match(report, "#{label => {_, no_handle_info}}")) {
                tell_no_handle_info(&t, report);
        } else if (kr_match(report, "#{label => {_, progress}}")) {
                event->domain = "otp.sasl";
                tell_progress(&t, list);
        } else if (kr_match(report, "#{label => {supervisor, unexpected_msg}}")) {
                tell_unexpected(&t, list);
        } else if (kr_match(report, "#{label => {supervisor, _}}")) {
                event->domain = "otp.sasl";
                tell_supervisor(&t, list, what);
        } else if (kr_match(report, "#{label => {application_master, shutdown_error}}")) {
                tell_shutdown_error(&t, list);
        } else if (kr_match(report, "#{label => {application_controller, exit}}")) {
                tell_exit(&t, list);
        } else {
                kri_say_term(text, report);
        }
        event->text = kri_words_text(text);
        event->details = kri_words_text(details);
}

void kri_log_describe_end(kr_log_event *event, kr_term reason, struct kri_words *text,
                          struct kri_words *details)
{
        struct tale t = { event, text, details };

        kri_say(text, "ended: ");
        say_reason(&t, reason);
        say_remedy(&t, reason);
        say_reason_trace(&t, reason);
        event->text = kri_words_text(text);
        event->details = kri_words_text(details);
}
