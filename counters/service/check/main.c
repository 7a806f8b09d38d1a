/* SPDX-License-Identifier: Apache-2.0 */
/* check: drive the counter service with ticks, and check every reply and, at the end, the sums.
 *
 *      check [-p PORT] [-c CONNECTIONS] [-k COUNTERS] [-s SECONDS | -n TICKS] [-e] [-r RUN]
 *
 * Each connection sends one tick after the other, each with an id of its own; a tick whose
 * connection breaks, or that is answered by an error, is sent again with the same id until it is
 * acknowledged. The counters are check:RUN:0 and so on; RUN is of this run's own unless told. With -e
 * lines of standard input are shown above the live one, and the end of
 * standard input ends it. Status 0: every tick was acknowledged and counted, once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "show.h"
#include "tally.h"
#include "wire.h"

#define CONNECTIONS_MAX 1000
#define RETRY_NS 10000000     /* before connecting or sending again */
#define ASK_NS 200000000      /* between two looks at what the counters say */
#define SETTLE_NS 15000000000 /* at the end, for what is still under way */
#define TURN_MS 20
#define NOTE_MAX 400

struct options {
        uint16_t port;
        int connections, counters;
        int64_t seconds, ticks; /* 0: no limit */
        bool notes;
        const char *run; /* NULL: one that nobody else has */
};

/* A connection, and the one tick that it has under way. */
struct ticker {
        struct wire wire;
        int number;
        int counter;      /* of the tick */
        int64_t sequence; /* of the tick, from 1; 0: none is under way */
        bool asked;       /* it has been put into the wire */
        bool again;       /* it has been sent before */
        int64_t begun_ns; /* when it was sent first */
        int64_t not_before_ns;
};

/* The connection that asks what the counters say. */
struct asker {
        struct wire wire;
        int next;   /* whose answer comes next; -1: none is awaited */
        int rounds; /* answered whole */
        int64_t not_before_ns;
};

static struct options options = {
        .port = 6380, .connections = 20, .counters = 8, .seconds = 10
};
static struct tally tally;
static struct ticker *tickers;
static struct asker asker;
static char run[16]; /* makes names and ids this run's own */
static volatile sig_atomic_t interrupted;

static int64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* -- tickers -- */

static void send_tick(struct ticker *k)
{
        k->asked = wire_ask(&k->wire, "TICK check:%s:%d %s-%d-%lld 1", run, k->counter,
                            run, k->number, (long long)k->sequence);
}

static void begin_tick(struct ticker *k, int64_t now)
{
        k->sequence++;
        k->counter = (int)((k->number + k->sequence) % options.counters);
        k->again = false;
        k->begun_ns = now;
        tally_sent(&tally, k->counter);
        send_tick(k);
}

/* What was under way on it is sent again on the next connection. */
static void ticker_broke(struct ticker *k, int64_t now)
{
        tally.broken++;
        k->not_before_ns = now + RETRY_NS;
        k->asked = false;
}

static void end_tick(struct ticker *k, int64_t value, int64_t now, bool more)
{
        tally_acknowledged(&tally, k->counter, value, k->again, now - k->begun_ns);
        k->asked = false;
        k->begun_ns = 0;
        if (more)
                begin_tick(k, now);
}

static bool is_under_way(const struct ticker *k)
{
        return k->begun_ns != 0;
}

static void take_replies(struct ticker *k, int64_t now, bool more)
{
        int64_t value;

        for (;;) {
                switch (wire_take(&k->wire, &value)) {
                case WIRE_NOTHING:
                        return;
                case WIRE_INTEGER:
                        if (k->asked) {
                                end_tick(k, value, now, more);
                                continue;
                        }
                        break;
                case WIRE_ERROR:
                        tally.errors++;
                        k->asked = false;
                        k->not_before_ns = now + RETRY_NS;
                        continue;
                default:
                        break;
                }
                tally.wrong++;
                wire_close(&k->wire);
                ticker_broke(k, now);
                return;
        }
}

/* Connect, begin, or send again: whatever this one has to do next. */
static void ticker_prepare(struct ticker *k, int64_t now, bool more)
{
        if (now < k->not_before_ns || (!more && !is_under_way(k)))
                return;
        if (k->wire.fd < 0 && !wire_open(&k->wire, options.port)) {
                k->not_before_ns = now + RETRY_NS;
                return;
        }
        if (k->asked)
                return;
        if (!is_under_way(k)) {
                begin_tick(k, now);
        } else {
                tally.again += !k->again;
                k->again = true;
                send_tick(k);
        }
}

static void ticker_turn(struct ticker *k, short revents, int64_t now, bool more)
{
        if (k->wire.fd < 0 || revents == 0)
                return;
        if (wire_turn(&k->wire, revents))
                take_replies(k, now, more);
        else
                ticker_broke(k, now);
}

/* -- the asker -- */

static void asker_prepare(struct asker *a, int64_t now)
{
        if (now < a->not_before_ns)
                return;
        if (a->wire.fd < 0) {
                a->next = -1;
                if (!wire_open(&a->wire, options.port)) {
                        a->not_before_ns = now + RETRY_NS;
                        return;
                }
        }
        if (a->next >= 0)
                return;
        tally_asking(&tally);
        for (int i = 0; i < options.counters; i++)
                (void)wire_ask(&a->wire, "GET check:%s:%d", run, i); /* there is room */
        a->next = 0;
}

static void asker_turn(struct asker *a, short revents, int64_t now)
{
        enum wire_got got = WIRE_NOTHING;
        int64_t value = 0;

        if (a->wire.fd < 0 || revents == 0)
                return;
        if (!wire_turn(&a->wire, revents)) {
                a->next = -1;
                a->not_before_ns = now + RETRY_NS;
                return;
        }
        while (a->next >= 0 && (got = wire_take(&a->wire, &value)) != WIRE_NOTHING) {
                if (got == WIRE_BROKEN || got == WIRE_ERROR) {
                        wire_close(&a->wire);
                        a->next = -1;
                        a->not_before_ns = now + RETRY_NS;
                        return;
                }
                tally_counted(&tally, a->next, got == WIRE_INTEGER ? value : 0);
                if (++a->next == options.counters) {
                        a->next = -1;
                        a->rounds++;
                        a->not_before_ns = now + ASK_NS;
                }
        }
}

/* -- all together -- */

static void turn(bool more)
{
        struct pollfd fds[CONNECTIONS_MAX + 1];
        int64_t now = now_ns();

        for (int i = 0; i < options.connections; i++) {
                ticker_prepare(&tickers[i], now, more);
                fds[i].fd = tickers[i].wire.fd;
                fds[i].events = wire_events(&tickers[i].wire);
                fds[i].revents = 0;
        }
        asker_prepare(&asker, now);
        fds[options.connections] = (struct pollfd){ .fd = asker.wire.fd,
                                                    .events = wire_events(&asker.wire) };
        if (poll(fds, (nfds_t)options.connections + 1, TURN_MS) < 0)
                return;
        now = now_ns();
        for (int i = 0; i < options.connections; i++)
                ticker_turn(&tickers[i], fds[i].revents, now, more);
        asker_turn(&asker, fds[options.connections].revents, now);
        show_live(&tally, now);
}

static bool all_acknowledged(void)
{
        for (int i = 0; i < options.connections; i++)
                if (is_under_way(&tickers[i]))
                        return false;
        return true;
}

/* Lines of standard input; false: it has ended. */
static bool show_notes(void)
{
        static char line[NOTE_MAX];
        static size_t len;
        char c;
        ssize_t got;

        while ((got = read(STDIN_FILENO, &c, 1)) == 1) {
                if (c != '\n' && len + 1 < sizeof(line)) {
                        line[len++] = c;
                } else if (c == '\n') {
                        line[len] = '\0';
                        show_note(line);
                        len = 0;
                }
        }
        return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool is_over(int64_t begun_ns)
{
        if (interrupted || (options.notes && !show_notes()))
                return true;
        if (options.ticks > 0 && tally_sums(&tally).sent >= options.ticks)
                return true;
        return options.seconds > 0 && now_ns() - begun_ns >= options.seconds * 1000000000;
}

/* Wait for what is under way, then for a look that began after it. */
static void settle(void)
{
        int64_t until = now_ns() + SETTLE_NS;
        int rounds;

        while (!all_acknowledged() && now_ns() < until)
                turn(false);
        asker.not_before_ns = 0;
        rounds = asker.rounds + (asker.next >= 0 ? 2 : 1);
        while (asker.rounds < rounds && now_ns() < until + RETRY_NS) {
                turn(false);
                asker.not_before_ns = asker.wire.fd >= 0 ? 0 : asker.not_before_ns;
        }
}

/* The counters are this run's own; nobody needs them afterwards. */
static void remove_counters(void)
{
        int64_t until = now_ns() + 1000000000, ignored;
        struct wire *w = &asker.wire;
        struct pollfd fd;

        for (int i = 0; i < options.counters; i++)
                (void)wire_ask(w, "DEL check:%s:%d", run, i);
        for (int left = options.counters; left > 0 && w->fd >= 0 && now_ns() < until;) {
                fd = (struct pollfd){ .fd = w->fd, .events = wire_events(w) };
                (void)poll(&fd, 1, TURN_MS);
                if (fd.revents != 0 && wire_turn(w, fd.revents))
                        while (wire_take(w, &ignored) != WIRE_NOTHING)
                                left--;
        }
}

static void interrupt(int signal)
{
        (void)signal;
        interrupted = 1;
}

static int64_t number(const char *text, int64_t max)
{
        char *end;
        int64_t n = strtoll(text, &end, 10);

        if (*text == '\0' || *end != '\0' || n < 1 || n > max) {
                fprintf(stderr, "check: %s is no number from 1 to %lld\n", text,
                        (long long)max);
                exit(2);
        }
        return n;
}

static void read_options(int argc, char **argv)
{
        int option;

        while ((option = getopt(argc, argv, "p:c:k:s:n:er:")) >= 0) {
                switch (option) {
                case 'p':
                        options.port = (uint16_t)number(optarg, 65535);
                        break;
                case 'c':
                        options.connections = (int)number(optarg, CONNECTIONS_MAX);
                        break;
                case 'k':
                        options.counters = (int)number(optarg, TALLY_COUNTERS_MAX);
                        break;
                case 's':
                        options.seconds = number(optarg, 1000000);
                        break;
                case 'n':
                        options.ticks = number(optarg, INT64_MAX);
                        options.seconds = 0;
                        break;
                case 'e':
                        options.notes = true;
                        options.seconds = 0;
                        break;
                case 'r':
                        options.run = optarg;
                        if (strlen(optarg) >= sizeof(run)) {
                                fprintf(stderr, "check: %s is too long\n", optarg);
                                exit(2);
                        }
                        break;
                default:
                        fprintf(stderr,
                                "usage: %s [-p PORT] [-c CONNECTIONS] [-k COUNTERS] "
                                "[-s SECONDS | -n TICKS] [-e] [-r RUN]\n",
                                argv[0]);
                        exit(2);
                }
        }
}

static void init(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        if (options.run != NULL)
                (void)snprintf(run, sizeof(run), "%s", options.run);
        else
                (void)snprintf(run, sizeof(run), "%x%05lx", (unsigned)getpid(),
                               (unsigned long)(now.tv_nsec >> 10) & 0xfffff);
        tickers = calloc((size_t)options.connections, sizeof(*tickers));
        if (tickers == NULL) {
                fprintf(stderr, "check: no memory\n");
                exit(2);
        }
        tally.count = options.counters;
        for (int i = 0; i < options.connections; i++) {
                wire_init(&tickers[i].wire);
                tickers[i].number = i;
        }
        wire_init(&asker.wire);
        asker.next = -1;
        if (options.notes)
                (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
        (void)signal(SIGINT, interrupt);
        (void)signal(SIGTERM, interrupt);
        show_init();
}

int main(int argc, char **argv)
{
        int64_t begun_ns;
        bool right;

        read_options(argc, argv);
        init();
        begun_ns = now_ns();
        while (!is_over(begun_ns))
                turn(true);
        settle();
        remove_counters();
        show_end(&tally);
        right = tally_is_right(&tally);
        tally_free(&tally);
        free(tickers);
        return right ? 0 : 1;
}
