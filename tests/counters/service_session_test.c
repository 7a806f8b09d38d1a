/* SPDX-License-Identifier: Apache-2.0 */
/* service_session_test.c: what clients of the counter service ask and are told, to the byte, and
 * what of it holds when counters crash. Without sockets. */
#include "../../counters/service/counters_sup.h"
#include "../../counters/service/keeper.h"
#include "../../counters/service/registry.h"
#include "../../counters/service/session.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "process.h"
#include "service_frail_counter.h"

/* Asked by LeakSanitizer: a counter that is killed before it has read the keeper's answer leaves its
 * block behind (keeper.c says so). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
        return "leak:kept_succeed\nleak:kept_new\n";
}

static const kr_node_opts node = { .schedulers = 2,
                                   .faults = KR_FAULTS_EXIT,
                                   .dump_path = "" };
static struct service service = { .opts = { .debug = true, .clients_max = 10 } };

static void start(void)
{
        const kr_logger_opts quiet = { .level = KR_LOG_NONE, .no_default = true };

        kit_ok(kr_logger_start(kr_here(), &quiet));
        kit_ok(kr_module_add(kr_here(), &counter_module));
        kit_ok(kr_start_link(&keeper, KR_START_OPTS(.name = "keeper"), "[]").err);
        kit_ok(kr_start_link(&registry, KR_START_OPTS(.name = "registry"), "[]").err);
        kit_ok(kr_start_link(&counters_sup, KR_START_OPTS(.name = "counters_sup"), "[]")
                       .err);
}

static struct session *new_session(void)
{
        struct session *s = session_new(&service);

        kit_not_null(s);
        return s;
}

/* Ask, and be told just this. Requests are taken in whole. */
static void expect_bytes(struct session *s, const char *request, size_t request_len,
                         const char *reply, size_t reply_len)
{
        char data[2048];
        size_t used;

        kit_int_lt(request_len, sizeof(data));
        memcpy(data, request, request_len);
        kit_false(session_run(s, data, request_len, &used));
        kit_int_eq(used, request_len);
        if (s->out.len != reply_len || memcmp(s->out.data, reply, reply_len) != 0)
                kit_fail("%s\nwanted %s\ngot    %.*s", request, reply, (int)s->out.len,
                         s->out.data);
        s->out.len = 0;
}

#define EXPECT(s, request, reply)                                                        \
        expect_bytes(s, request, sizeof(request) - 1, reply, sizeof(reply) - 1)

/* -- commands -- */

static void count(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "PING\r\n", "+PONG\r\n");
        EXPECT(s, "*2\r\n$4\r\nping\r\n$2\r\nhi\r\n", "$2\r\nhi\r\n");
        EXPECT(s, "GET a\r\n", "$-1\r\n");
        EXPECT(s, "EXISTS a\r\n", ":0\r\n");
        EXPECT(s, "INCR a\r\n", ":1\r\n");
        EXPECT(s, "INCRBY a 41\r\n", ":42\r\n");
        EXPECT(s, "DECR a\r\n", ":41\r\n");
        EXPECT(s, "DECRBY a 50\r\n", ":-9\r\n");
        EXPECT(s, "GET a\r\n", "$2\r\n-9\r\n");
        EXPECT(s, "SET a 7\r\n", "+OK\r\n");
        EXPECT(s, "SET b -1\r\n", "+OK\r\n");
        EXPECT(s, "EXISTS a b c a\r\n", ":3\r\n");
        EXPECT(s, "DBSIZE\r\n", ":2\r\n");
        EXPECT(s, "DEL a c b\r\n", ":2\r\n");
        EXPECT(s, "EXISTS a b\r\n", ":0\r\n");
        EXPECT(s, "GET a\r\n", "$-1\r\n");
        EXPECT(s, "INCR a\r\n", ":1\r\n");
        EXPECT(s, "*2\r\n$4\r\nINCR\r\n$4\r\n\0\r\n\xff\r\n", ":1\r\n");
        EXPECT(s, "*2\r\n$3\r\nGET\r\n$4\r\n\0\r\n\xff\r\n", "$1\r\n1\r\n");
        EXPECT(s, "INCR \"\"\r\n", ":1\r\n");
}

KIT_TEST(test_counting)
{
        kit_run_process(&node, count);
}

static void tick(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "TICK a one 3\r\n", ":3\r\n");
        EXPECT(s, "TICK a two 4\r\n", ":7\r\n");
        EXPECT(s, "TICK a one 3\r\n", ":7\r\n");
        EXPECT(s, "TICK b one 3\r\n", ":3\r\n");
        EXPECT(s, "TICK a 123456789012345678901234567890123456789 1\r\n", ":8\r\n");
        EXPECT(s, "TICK a 1234567890123456789012345678901234567890 1\r\n",
               "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
        EXPECT(s, "TICK a \"\" 1\r\n", ":9\r\n");
        EXPECT(s, "TICK a \"\" 1\r\n", ":9\r\n");
        EXPECT(s, "SET a 0\r\n", "+OK\r\n");
        EXPECT(s, "TICK a one 3\r\n", ":0\r\n");
        EXPECT(s, "DEL a\r\n", ":1\r\n");
        EXPECT(s, "TICK a one 3\r\n", ":3\r\n");
}

KIT_TEST(test_a_tick_counts_once_for_each_id)
{
        kit_run_process(&node, tick);
}

static void many(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s,
               "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*2\r\n$4\r\nINCR\r\n$1\r\nb\r\nGET c\r\nINCR a\r\n"
               "FOO\r\nGET a\r\nDEL a\r\nINCR a\r\nEXISTS a b c\r\nPING\r\nGET b\r\nINCR b\r\n",
               ":1\r\n:1\r\n$-1\r\n:2\r\n-ERR unknown command 'FOO', with args beginning with: \r\n"
               "$1\r\n2\r\n:1\r\n:1\r\n:2\r\n+PONG\r\n$1\r\n1\r\n:2\r\n");
}

KIT_TEST(test_answers_come_in_the_order_of_requests)
{
        kit_run_process(&node, many);
}

static void fail(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "INCR\r\n", "-ERR wrong number of arguments for 'incr' command\r\n");
        EXPECT(s, "get a b\r\n", "-ERR wrong number of arguments for 'get' command\r\n");
        EXPECT(s, "Foo 'a b' c\r\n",
               "-ERR unknown command 'Foo', with args beginning with: 'a b' 'c' \r\n");
        EXPECT(s, "INCRBY a x\r\n", "-ERR value is not an integer or out of range\r\n");
        EXPECT(s, "INCRBY a 9223372036854775808\r\n",
               "-ERR value is not an integer or out of range\r\n");
        EXPECT(s, "TICK a 1 1.5\r\n", "-ERR value is not an integer or out of range\r\n");
        EXPECT(s, "SET a x\r\n", "-ERR value is not an integer or out of range\r\n");
        EXPECT(s, "SET a 1 NX\r\n", "-ERR syntax error\r\n");
        EXPECT(s, "DECRBY a -9223372036854775808\r\n",
               "-ERR decrement would overflow\r\n");
        EXPECT(s, "EXISTS a\r\n", ":0\r\n");
        EXPECT(s, "SET a 9223372036854775807\r\n", "+OK\r\n");
        EXPECT(s, "INCR a\r\n", "-ERR increment or decrement would overflow\r\n");
        EXPECT(s, "TICK a 1 1\r\n", "-ERR increment or decrement would overflow\r\n");
        EXPECT(s, "GET a\r\n", "$19\r\n9223372036854775807\r\n");
}

KIT_TEST(test_errors_are_redis_own)
{
        kit_run_process(&node, fail);
}

static void ask_long_names(void)
{
        static char request[RESP_REQUEST_MAX];
        struct session *s;
        size_t used;
        int len;

        start();
        s = new_session();
        len = snprintf(request, sizeof(request), "INCR %0*d\r\nINCR %0*d\r\nPING\r\n",
                       NAME_MAX_BYTES, 1, NAME_MAX_BYTES + 1, 1);
        kit_false(session_run(s, request, (size_t)len, &used));
        kit_int_eq(used, len);
        s->out.data[s->out.len] = '\0';
        kit_str_eq(
                s->out.data,
                ":1\r\n-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"
                "+PONG\r\n");
}

KIT_TEST(test_names_have_a_limit)
{
        kit_run_process(&node, ask_long_names);
}

static void list(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "KEYS *\r\n", "*0\r\n");
        EXPECT(s, "INCR hits:a\r\nINCR hits:b\r\nINCR misses\r\n", ":1\r\n:1\r\n:1\r\n");
        EXPECT(s, "KEYS hits:[b-z]\r\n", "*1\r\n$6\r\nhits:b\r\n");
        EXPECT(s, "KEYS m*\r\n", "*1\r\n$6\r\nmisses\r\n");
        EXPECT(s, "DEL hits:b\r\nKEYS hits:*\r\n", ":1\r\n*1\r\n$6\r\nhits:a\r\n");
}

KIT_TEST(test_keys_by_pattern)
{
        kit_run_process(&node, list);
}

static void introduce(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "CLIENT GETNAME\r\n", "$-1\r\n");
        EXPECT(s, "CLIENT SETNAME me\r\nCLIENT GETNAME\r\n", "+OK\r\n$2\r\nme\r\n");
        EXPECT(s, "CLIENT SETNAME \"a b\"\r\n",
               "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
        EXPECT(s, "CLIENT SETINFO lib-name x\r\n", "+OK\r\n");
        EXPECT(s, "CLIENT SETNAME\r\n",
               "-ERR wrong number of arguments for 'client|setname' command\r\n");
        EXPECT(s, "CLIENT WHAT\r\n",
               "-ERR unknown subcommand 'WHAT'. Try CLIENT HELP.\r\n");
        EXPECT(s, "HELLO 3\r\n", "-NOPROTO unsupported protocol version\r\n");
        EXPECT(s, "HELLO x\r\n",
               "-ERR Protocol version is not an integer or out of range\r\n");
        EXPECT(s, "SELECT 0\r\nSELECT 1\r\n", "+OK\r\n-ERR DB index is out of range\r\n");
        EXPECT(s, "ECHO hi\r\n", "$2\r\nhi\r\n");
        EXPECT(s, "CONFIG GET save appendonly\r\n",
               "*4\r\n$10\r\nappendonly\r\n$2\r\nno\r\n$4\r\nsave\r\n$0\r\n\r\n");
        EXPECT(s, "CONFIG GET nothing\r\n", "*0\r\n");
        EXPECT(s, "COMMAND COUNT\r\n", ":21\r\n");
        EXPECT(s, "COMMAND INFO incr nothing\r\n",
               "*2\r\n*6\r\n$4\r\nincr\r\n:2\r\n*3\r\n+write\r\n+denyoom\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
               "$-1\r\n");
        EXPECT(s, "COMMAND DOCS ping\r\n",
               "*2\r\n$4\r\nping\r\n*6\r\n$7\r\nsummary\r\n$17\r\nIs anybody there?\r\n"
               "$5\r\nsince\r\n$5\r\n1.0.0\r\n$5\r\ngroup\r\n$10\r\nconnection\r\n");
        EXPECT(s, "QUIT\r\n", "+OK\r\n");
        kit_true(s->closing);
}

KIT_TEST(test_what_clients_ask_first)
{
        kit_run_process(&node, introduce);
}

static void inform(void)
{
        struct session *s;
        char data[] = "INFO clients counters\r\n";
        size_t used;

        start();
        s = new_session();
        EXPECT(s, "INCR a\r\n", ":1\r\n");
        kit_false(session_run(s, data, sizeof(data) - 1, &used));
        s->out.data[s->out.len] = '\0';
        kit_not_null(strstr(s->out.data, "# Clients\r\nconnected_clients:0\r\n"));
        kit_not_null(strstr(s->out.data, "\r\n\r\n# Counters\r\ncounter_version:1\r\n"));
        kit_null(strstr(s->out.data, "# Server"));
}

KIT_TEST(test_info_has_sections)
{
        kit_run_process(&node, inform);
}

/* What has been asked before is still answered. */
static void break_the_protocol(void)
{
        struct session *s;
        char data[] = "INCR a\r\n*1\r\n:1\r\nINCR a\r\n";
        size_t used;

        start();
        s = new_session();
        kit_false(session_run(s, data, sizeof(data) - 1, &used));
        s->out.data[s->out.len] = '\0';
        kit_str_eq(s->out.data, ":1\r\n-ERR Protocol error: expected '$', got ':'\r\n");
        kit_true(s->closing);
}

KIT_TEST(test_a_protocol_error_ends_the_session)
{
        kit_run_process(&node, break_the_protocol);
}

/* -- crashes -- */

static kr_pid counter_of(const char *name)
{
        kr_pid pid = kr_pid_none();

        while (registry_find((kr_bytes){ name, strlen(name) }, &pid) != REGISTRY_UP)
                kr_yield();
        return pid;
}

/* Its supervisor starts it again. */
static void crash(const char *name, bool by_kill)
{
        kr_pid pid = counter_of(name);
        kr_ref monitor = kr_monitor(pid);

        if (by_kill) {
                kr_exit_signal(pid, "kill");
                kit_expect_down(monitor, "killed");
        } else {
                kr_cast(pid, "segfault");
                kit_expect_down(monitor, "{{sigsegv, 0}, _}");
        }
}

static void crash_and_ask(void)
{
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "TICK a one 5\r\nINCR a\r\n", ":5\r\n:6\r\n");
        for (int i = 0; i < 4; i++) {
                crash("a", i % 2);
                EXPECT(s, "GET a\r\nEXISTS a\r\n", "$1\r\n6\r\n:1\r\n");
                EXPECT(s, "TICK a one 5\r\n", ":6\r\n");
        }
        crash("a", false);
        EXPECT(s, "TICK a two 1\r\nINCR a\r\n", ":7\r\n:8\r\n");
        crash("a", false);
        EXPECT(s, "DEL a\r\nGET a\r\n", ":1\r\n$-1\r\n");
}

KIT_TEST(test_a_crash_leaves_value_and_ids)
{
        kit_run_process(&node, crash_and_ask);
}

/* Requests wait behind the fault in the counter's mailbox: none is lost, none counts twice. */
static void crash_under_requests(void)
{
        char data[1024], *at;
        struct session *s;
        size_t used;
        int64_t n = 0;

        start();
        s = new_session();
        EXPECT(s, "INCR a\r\n", ":1\r\n");
        n = 1;
        for (int round = 0; round < 20; round++) {
                size_t len = 0;

                for (int i = 0; i < 20; i++) {
                        if (i == round)
                                len += (size_t)sprintf(data + len,
                                                       "DEBUG SEGFAULT a\r\n");
                        len += (size_t)sprintf(data + len, "INCR a\r\n");
                }
                kit_false(session_run(s, data, len, &used));
                kit_int_eq(used, len);
                s->out.data[s->out.len] = '\0';
                at = s->out.data;
                for (int i = 0; i < 20; i++) {
                        if (i == round) {
                                kit_int_eq(strncmp(at, "+OK\r\n", 5), 0);
                                at += 5;
                        }
                        n++;
                        kit_int_eq(strtoll(at + 1, &at, 10), n);
                        at += 2;
                }
                s->out.len = 0;
                /* the registry may not have heard yet that the counter is gone */
                (void)counter_of("a");
        }
}

KIT_TEST(test_requests_outlive_the_counter_that_was_asked)
{
        kit_run_process(&node, crash_under_requests);
}

/* Whether a fault comes before a write or after it, each request is served once. */
static void ask_frail_counters(void)
{
        static const char *const pairs[] = { "INCR a\r\nINCR b\r\n",
                                             "TICK a %d 1\r\nTICK b %d 1\r\n" };
        char request[64], reply[64];
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "INCR a\r\nINCR b\r\n", ":1\r\n:1\r\n");
        for (int period = 2; period < 8; period++) {
                frail_period = period;
                for (int i = 0; i < 40; i++) {
                        int n = (period - 2) * 40 + i + 2;
                        int len = snprintf(request, sizeof(request), pairs[i % 2], n, n);
                        int reply_len =
                                snprintf(reply, sizeof(reply), ":%d\r\n:%d\r\n", n, n);

                        expect_bytes(s, request, (size_t)len, reply, (size_t)reply_len);
                }
        }
        frail_period = 3;
        for (int i = 0; i < 20; i++) {
                EXPECT(s, "SET a 5\r\nINCR a\r\nDEL a\r\n", "+OK\r\n:6\r\n:1\r\n");
                EXPECT(s, "INCR a\r\nINCR a\r\n", ":1\r\n:2\r\n");
        }
        frail_period = 0;
}

KIT_TEST(test_a_fault_in_the_middle_of_a_write)
{
        kit_run_process(&node, ask_frail_counters);
}

static _Atomic int64_t answered; /* requests of those that load */

struct load {
        kr_pid parent;
        int64_t count;
};

static void increment(const struct load *load)
{
        struct session *s = session_new(&service);

        for (int64_t i = 0; i < load->count; i++) {
                char data[] = "INCR a\r\nINCR b\r\nINCR a\r\n";
                size_t used;

                (void)session_run(s, data, sizeof(data) - 1, &used);
                kit_int_eq(s->out.data[0], ':');
                kit_null(memchr(s->out.data, '-', s->out.len));
                s->out.len = 0;
                answered++;
        }
        kr_send(load->parent, "{done, ~}", kr_self());
}

#define LOADERS 4
#define LOAD 2000
#define CRASHES 1000

/* What ends all the time serves nobody: between two crashes somebody has had an answer. */
static void await_answer(int64_t seen)
{
        while (answered == seen && seen < LOADERS * LOAD)
                kr_yield();
}

/* Crashes as chance has it, in the middle of writing too: INCR is counted once all the same. */
static void crash_under_load(void)
{
        struct load load = { kr_self(), LOAD };
        kr_msg msg = KR_MSG_INIT;
        struct session *s;

        start();
        s = new_session();
        EXPECT(s, "INCR a\r\nINCR b\r\n", ":1\r\n:1\r\n");
        frail_period = 50;
        for (int i = 0; i < LOADERS; i++)
                kr_spawn_link(increment, &load);
        for (int i = 0; i < CRASHES; i++) {
                kr_pid pid = counter_of(i % 2 ? "a" : "b");
                int64_t seen = answered;

                if (i % 3 == 0)
                        kr_cast(pid, "segfault");
                else
                        kr_exit_signal(pid, "kill");
                await_answer(seen);
        }
        for (int i = 0; i < LOADERS; i++)
                kit_expect(&msg, "{done, _}");
        kr_msg_clear(&msg);
        frail_period = 0;
        EXPECT(s, "TICK a x 0\r\n", ":16001\r\n");
        EXPECT(s, "TICK b x 0\r\n", ":8001\r\n");
}

KIT_TEST(test_counters_are_killed_under_load_and_none_is_lost)
{
        kit_run_process(&node, crash_under_load);
}

/* The supervisor of all counters goes; they come back when they are asked. */
static void end_the_supervisor(void)
{
        struct session *s;
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        start();
        s = new_session();
        EXPECT(s, "INCRBY a 5\r\nINCRBY b 6\r\n", ":5\r\n:6\r\n");
        kr_unlink(kr_whereis("counters_sup"));
        monitor = kr_monitor("counters_sup");
        kr_exit_signal(kr_whereis("counters_sup"), "kill");
        kit_expect(&msg, "{'DOWN', =, process, _, killed}", monitor);
        kr_msg_clear(&msg);
        kit_ok(kr_start_link(&counters_sup, KR_START_OPTS(.name = "counters_sup"), "[]")
                       .err);
        EXPECT(s, "INCR a\r\nGET b\r\nDBSIZE\r\n", ":6\r\n$1\r\n6\r\n:2\r\n");
}

KIT_TEST(test_counters_come_back_with_a_new_supervisor)
{
        kit_run_process(&node, end_the_supervisor);
}

static void end_the_registry(void)
{
        struct session *s;
        kr_ref monitor;

        start();
        s = new_session();
        EXPECT(s, "INCRBY a 5\r\nINCRBY b 6\r\n", ":5\r\n:6\r\n");
        kr_stop_normal("counters_sup");
        kr_unlink(kr_whereis("registry"));
        monitor = kr_monitor("registry");
        kr_exit_signal(kr_whereis("registry"), "kill");
        kit_expect_down(monitor, "killed");
        kit_ok(kr_start_link(&registry, KR_START_OPTS(.name = "registry"), "[]").err);
        kit_ok(kr_start_link(&counters_sup, KR_START_OPTS(.name = "counters_sup"), "[]")
                       .err);
        EXPECT(s, "DBSIZE\r\nGET a\r\nINCR b\r\nEXISTS c\r\n",
               ":2\r\n$1\r\n5\r\n:7\r\n:0\r\n");
}

KIT_TEST(test_a_new_registry_knows_what_the_keeper_holds)
{
        kit_run_process(&node, end_the_registry);
}

/* More counters than a session remembers, in one batch. */
static void ask_many_counters(void)
{
        static char data[64 * 1024], want[64 * 1024];
        size_t len = 0, want_len = 0, used;
        struct session *s;

        start();
        s = new_session();
        for (int i = 0; i < 3 * SESSION_KNOWN_MAX; i++) {
                len += (size_t)sprintf(data + len, "INCRBY c%d %d\r\n", i, i);
                want_len += (size_t)sprintf(want + want_len, ":%d\r\n", i);
        }
        kit_false(session_run(s, data, len, &used));
        kit_int_eq(used, len);
        kit_int_eq(s->out.len, want_len);
        kit_mem_eq(s->out.data, want, want_len);
}

KIT_TEST(test_a_session_asks_any_number_of_counters)
{
        kit_run_process(&node, ask_many_counters);
}

KIT_MAIN(KIT_CASE(test_counting), KIT_CASE(test_a_tick_counts_once_for_each_id),
         KIT_CASE(test_answers_come_in_the_order_of_requests),
         KIT_CASE(test_errors_are_redis_own), KIT_CASE(test_names_have_a_limit),
         KIT_CASE(test_keys_by_pattern), KIT_CASE(test_what_clients_ask_first),
         KIT_CASE(test_info_has_sections),
         KIT_CASE(test_a_protocol_error_ends_the_session),
         KIT_CASE(test_a_crash_leaves_value_and_ids),
         KIT_CASE(test_requests_outlive_the_counter_that_was_asked),
         KIT_CASE(test_a_fault_in_the_middle_of_a_write),
         KIT_SLOW(test_counters_are_killed_under_load_and_none_is_lost, 60),
         KIT_CASE(test_counters_come_back_with_a_new_supervisor),
         KIT_CASE(test_a_new_registry_knows_what_the_keeper_holds),
         KIT_CASE(test_a_session_asks_any_number_of_counters))
