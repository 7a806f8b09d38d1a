/* SPDX-License-Identifier: Apache-2.0 */
/* service: the counter service, on loopback, until SIGTERM or Ctrl-C.
 *
 *      service [-p PORT] [-s SCHEDULERS] [-m FOLDER] [-d]
 *
 * -p 0 takes any free port; the line that says `listening` names it. -m: where the versions of the
 * counter are, counter_1.so and so on; else beside the program. -d allows DEBUG (README.md).
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "service.h"
#include "versions.h"

#define FILES_OF_OURS 64u /* descriptors that are no client's */

static struct service_opts opts = { .port = SERVICE_PORT };
static unsigned schedulers;

/* -- the process that owns the service -- */

static void fail(const char *what, kr_term reason)
{
        char text[300];

        (void)kr_format(text, sizeof(text), reason);
        fprintf(stderr, "service: %s: %s\n", what, text);
        kr_exit("failed");
}

/* The reason of a tree that did not come up ends with that of the leaf that is to blame. */
static void fail_start(kr_started started, kr_term reason)
{
        kr_term inner;

        while (kr_match(reason, "{shutdown, {failed_to_start_child, _, ~}}", &inner) ||
               kr_match(reason, "{listen, ~}", &inner))
                reason = inner;
        if (started.err == KR_EFAILED)
                fail("cannot listen", reason);
        fprintf(stderr, "service: %s\n", kr_strerror(started.err));
        kr_exit("failed");
}

static void start(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_started started;

        if (versions_load(1, &reason) != KR_OK)
                fail("no counter", reason.term);
        started = service_start(&opts, &reason);
        if (started.err != KR_OK)
                fail_start(started, reason.term);
        kr_msg_clear(&reason);
        printf("listening on 127.0.0.1:%u\n",
               (unsigned)atomic_load(&service_here()->port));
        fflush(stdout);
}

static void serve(void)
{
        enum { STOP, ENDED };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)kr_trap_exit(true);
        kr_register("main", kr_self());
        start();
        switch (kr_receive(&msg, KR_INFINITY, kr_on(STOP, "stop"),
                           kr_on(ENDED, "{'EXIT', _, ~}", &reason))) {
        case STOP:
                service_stop();
                break;
        case ENDED:
                fail("the service has ended", reason);
        }
        kr_msg_clear(&msg);
}

/* -- the program -- */

static void tell_main(void)
{
        if (!kr_pid_is_none(kr_whereis("main")))
                (void)kr_send("main", "stop");
}

/* Waits for the signals that end the program, which are blocked in all other threads. */
static void *await_signal(void *node)
{
        sigset_t set;
        int signal;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        while (sigwait(&set, &signal) != 0)
                continue;
        (void)kr_node_spawn(node, tell_main); /* none: no memory; then SIGKILL is left */
        return NULL;
}

static void block_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
}

static int await(kr_node *node)
{
        kr_msg msg = KR_MSG_INIT;
        pthread_t thread;
        kr_ref monitor;
        kr_pid self;
        int status;

        if (kr_thread_attach(node, &self) != KR_OK)
                errx(1, "no room for a process");
        (void)kr_spawn_monitor(&monitor, serve);
        if (pthread_create(&thread, NULL, await_signal, node) != 0)
                errx(1, "no thread");
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, process, _, _}", monitor));
        status = kr_match(msg.term, "{_, _, _, _, normal}") ? 0 : 1;
        kr_msg_clear(&msg);
        kr_thread_detach();
        (void)pthread_kill(thread, SIGTERM);
        (void)pthread_join(thread, NULL);
        return status;
}

static unsigned number(const char *text, long max)
{
        char *end;
        long n = strtol(text, &end, 10);

        if (*text == '\0' || *end != '\0' || n < 0 || n > max)
                errx(2, "%s is no number from 0 to %ld", text, max);
        return (unsigned)n;
}

static void read_options(int argc, char **argv)
{
        int option;

        while ((option = getopt(argc, argv, "p:s:m:d")) >= 0) {
                switch (option) {
                case 'p':
                        opts.port = (uint16_t)number(optarg, 65535);
                        break;
                case 's':
                        schedulers = number(optarg, 64);
                        break;
                case 'm':
                        versions_folder(optarg);
                        break;
                case 'd':
                        opts.debug = true;
                        break;
                default:
                        fprintf(stderr,
                                "usage: %s [-p PORT] [-s SCHEDULERS] [-m FOLDER] [-d]\n",
                                argv[0]);
                        exit(2);
                }
        }
        if (optind < argc)
                errx(2, "what is %s?", argv[optind]);
}

/* Whoever comes when there are no descriptors any more waits in the dark: rather fewer clients, and
 * those beyond are told. */
static void limit_clients(void)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
            files.rlim_cur < SERVICE_CLIENTS_MAX + FILES_OF_OURS)
                opts.clients_max = files.rlim_cur > FILES_OF_OURS
                                           ? (uint32_t)(files.rlim_cur - FILES_OF_OURS)
                                           : 1;
}

int main(int argc, char **argv)
{
        kr_node *node;
        kr_err error;
        int status;

        read_options(argc, argv);
        limit_clients();
        block_signals();
        error = kr_node_start(&(kr_node_opts){ .schedulers = schedulers,
                                               .faults = KR_FAULTS_EXIT },
                              &node);
        if (error != KR_OK)
                errx(1, "no node: %s", kr_strerror(error));
        if (kr_logger_start(node, NULL) != KR_OK)
                errx(1, "no logger");
        status = await(node);
        error = kr_node_stop(node, 10000);
        if (error != KR_OK)
                errx(1, "the node does not stop: %s", kr_strerror(error));
        return status;
}
