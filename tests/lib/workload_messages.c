/* SPDX-License-Identifier: Apache-2.0 */
/* workload_messages.c: messages: none lost, none twice, none out of order. */
#include "workload.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* -- mesh: everybody sends to everybody -- */

struct mesh_member {
        kr_pid pid;
        _Atomic uint64_t sent_to; /* messages that anybody sent to it */
        uint64_t received;        /* its own, until it has ended */
        bool leaves;              /* it ends without having read all */
};

struct mesh {
        uint64_t seed;
        uint32_t count;
        struct mesh_member *members;
};

struct mesh_arg {
        struct mesh *mesh;
        uint32_t index;
};

/* What a member knows of one other. */
struct mesh_peer {
        uint64_t sent;
        uint64_t next; /* number of the next message from it */
};

/* The bytes of the n-th message: now and then too large for a copy. */
static size_t payload_len(uint64_t n)
{
        return n % 97 == 0 ? 5000 : n * 7 % 90;
}

static void mesh_send(struct mesh *mesh, uint32_t from, struct mesh_peer *peer,
                      uint32_t to)
{
        static const char zeros[5000];
        kr_bytes payload = { zeros, payload_len(peer->sent) };

        atomic_fetch_add(&mesh->members[to].sent_to, 1);
        must_eq(kr_send(mesh->members[to].pid, "{m, ~, ~, ~}", from, peer->sent, payload),
                KR_OK);
        peer->sent++;
}

static void mesh_send_some(struct mesh *mesh, uint32_t from, struct mesh_peer *peers,
                           struct chance *c)
{
        uint32_t to = chance_below(c, mesh->count);
        uint32_t burst = chance_one_in(c, 4) ? 1 + chance_below(c, 100)
                                             : 1 + chance_below(c, 3);

        for (uint32_t i = 0; i < burst; i++)
                mesh_send(mesh, from, &peers[to], to);
        if (chance_one_in(c, 8))
                kr_yield();
}

/* One message, if there is one; true: it was the last of its sender. */
static bool mesh_receive(struct mesh *mesh, uint32_t me, struct mesh_peer *peers,
                         int64_t wait_ms)
{
        enum { M, FIN };
        kr_msg msg = KR_MSG_INIT;
        kr_bytes payload;
        uint32_t from;
        uint64_t n;

        switch (kr_receive(&msg, wait_ms, kr_on(M, "{m, ~, ~, ~}", &from, &n, &payload),
                           kr_on(FIN, "{fin, ~, ~}", &from, &n))) {
        case M:
                must_eq(n, peers[from].next);
                must_eq(payload.len, payload_len(n));
                peers[from].next++;
                mesh->members[me].received++;
                return false;
        case FIN:
                must_eq(n, peers[from].next);
                return true;
        }
        return false;
}

static void mesh_main(const struct mesh_arg *arg)
{
        struct mesh *mesh = arg->mesh;
        struct chance c = chance_of(mesh->seed, 100 + arg->index);
        struct mesh_peer *peers = kr_calloc(mesh->count, sizeof(*peers));
        kr_msg msg = KR_MSG_INIT;
        uint32_t rounds = chance_below(&c, 40), fins = 0;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        for (uint32_t i = 0; i < rounds; i++) {
                mesh_send_some(mesh, arg->index, peers, &c);
                while (chance_below(&c, 3) != 0)
                        fins += mesh_receive(mesh, arg->index, peers, 0);
        }
        for (uint32_t i = 0; i < mesh->count; i++)
                must_eq(kr_send(mesh->members[i].pid, "{fin, ~, ~}", arg->index,
                                peers[i].sent),
                        KR_OK);
        while (fins < mesh->count && !mesh->members[arg->index].leaves)
                fins += mesh_receive(mesh, arg->index, peers, KR_INFINITY);
}

static void mesh_count(const struct mesh *mesh)
{
        for (uint32_t i = 0; i < mesh->count; i++) {
                struct mesh_member *m = &mesh->members[i];

                if (!m->leaves)
                        must_eq(m->received, atomic_load(&m->sent_to));
                else
                        must(m->received <= atomic_load(&m->sent_to));
        }
}

void workload_mesh(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 1);
        struct mesh mesh = { .seed = (uint64_t)seed, .count = 2 + chance_below(&c, 9) };
        kr_ref refs[16];

        mesh.members = workload_alloc(mesh.count, sizeof(*mesh.members));
        for (uint32_t i = 0; i < mesh.count; i++) {
                struct mesh_arg arg = { &mesh, i };

                mesh.members[i].leaves = chance_one_in(&c, 8);
                mesh.members[i].pid = kr_spawn_monitor(&refs[i], mesh_main, &arg);
        }
        for (uint32_t i = 0; i < mesh.count; i++)
                kr_send(mesh.members[i].pid, "go");
        for (uint32_t i = 0; i < mesh.count; i++)
                must_end_normally(refs[i]);
        mesh_count(&mesh);
        must_stay_empty("mesh", 0);
        free(mesh.members);
}

/* -- calls: replies found among other messages, late ones never -- */

#define PENDING 4

struct calls {
        uint64_t seed;
        uint32_t servers, clients;
        kr_pid server[4];
        kr_pid client[8];
};

struct calls_arg {
        struct calls *calls;
        uint32_t index;
};

struct question {
        kr_pid from;
        kr_ref ref;
        bool by_alias;
        int64_t n;
};

static void answer(const struct question *q)
{
        if (q->by_alias)
                kr_send(q->ref, "{~, ~}", q->ref, 2 * q->n + 1);
        else
                kr_send(q->from, "{~, ~}", q->ref, 2 * q->n + 1);
}

/* Answers in an order of its own; some servers end with questions in hand. */
static void server_main(const struct calls_arg *arg)
{
        enum { CALL, STOP };
        struct chance c = chance_of(arg->calls->seed, 200 + arg->index);
        uint32_t life = chance_one_in(&c, 3) ? chance_below(&c, 30) : UINT32_MAX;
        struct question held[PENDING], q;
        kr_msg msg = KR_MSG_INIT;
        uint32_t count = 0;

        while (life-- > 0) {
                int64_t wait_ms = count > 0 ? chance_below(&c, 2) : KR_INFINITY;

                switch (kr_receive(&msg, wait_ms,
                                   kr_on(CALL, "{call, ~, ~, ~, ~}", &q.from, &q.ref,
                                         &q.by_alias, &q.n),
                                   kr_on(STOP, "stop"))) {
                case CALL:
                        if (count < PENDING && chance_one_in(&c, 2))
                                held[count++] = q;
                        else
                                answer(&q);
                        break;
                case STOP:
                        return;
                default: {
                        uint32_t which = chance_below(&c, count);

                        answer(&held[which]);
                        held[which] = held[--count];
                }
                }
        }
}

/* One call; the reply is right, or the server has ended, or we do not wait. */
static void call(struct calls *calls, struct chance *c, int64_t n)
{
        enum { REPLY, DOWN };
        kr_pid server = calls->server[chance_below(c, calls->servers)];
        bool by_alias = chance_one_in(c, 2);
        int64_t wait_ms = chance_one_in(c, 4) ? chance_below(c, 3) : KR_INFINITY, got;
        kr_ref ref = by_alias ? kr_monitor_alias(server, KR_ALIAS_REPLY_DEMONITOR, NULL)
                              : kr_monitor(server);
        kr_msg msg = KR_MSG_INIT;

        if (!by_alias)
                wait_ms = KR_INFINITY; /* a late reply would come */
        kr_send(server, "{call, ~, ~, ~, ~}", kr_self(), ref, by_alias, n);
        switch (kr_receive(&msg, wait_ms, kr_on(REPLY, "{=, ~}", ref, &got),
                           kr_on(DOWN, "{'DOWN', =, process, _, _}", ref))) {
        case REPLY:
                must_eq(got, 2 * n + 1);
                if (!by_alias)
                        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
                break;
        case DOWN:
                break;
        default:
                kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
                /* it may have come just before */
                (void)kr_receive(&msg, 0, kr_on(REPLY, "{=, ~}", ref, &got));
        }
        kr_msg_clear(&msg);
}

static void make_noise(struct calls *calls, uint32_t me, uint64_t n)
{
        for (uint32_t i = 0; i < calls->clients; i++)
                kr_send(calls->client[i], "{noise, ~, ~}", me, n);
}

/* Noise waits in the mailbox all the time, and is in order at the end. */
static void client_main(const struct calls_arg *arg)
{
        struct calls *calls = arg->calls;
        struct chance c = chance_of(calls->seed, 300 + arg->index);
        uint32_t rounds = 1 + chance_below(&c, 25);
        kr_msg msg = KR_MSG_INIT;
        uint32_t ended = 0, from;
        uint64_t next[8] = { 0 }, n, made = 0;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        for (uint32_t i = 0; i < rounds; i++) {
                if (chance_one_in(&c, 2))
                        make_noise(calls, arg->index, made++);
                call(calls, &c, i);
        }
        for (uint32_t i = 0; i < calls->clients; i++)
                kr_send(calls->client[i], "{quiet, ~, ~}", arg->index, made);
        while (ended < calls->clients) {
                enum { NOISE, QUIET };

                switch (kr_receive(&msg, KR_INFINITY,
                                   kr_on(NOISE, "{noise, ~, ~}", &from, &n),
                                   kr_on(QUIET, "{quiet, ~, ~}", &from, &n))) {
                case NOISE:
                        must_eq(n, next[from]++);
                        break;
                case QUIET:
                        must_eq(n, next[from]);
                        ended++;
                }
        }
        must_stay_empty("a caller", 10);
}

void workload_calls(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 2);
        struct calls *calls = workload_alloc(1, sizeof(*calls));
        kr_ref server_refs[4], client_refs[8];

        calls->seed = (uint64_t)seed;
        calls->servers = 1 + chance_below(&c, 4);
        calls->clients = 1 + chance_below(&c, 8);
        for (uint32_t i = 0; i < calls->servers; i++)
                calls->server[i] = kr_spawn_monitor(&server_refs[i], server_main,
                                                    (&(struct calls_arg){ calls, i }));
        for (uint32_t i = 0; i < calls->clients; i++)
                calls->client[i] = kr_spawn_monitor(&client_refs[i], client_main,
                                                    (&(struct calls_arg){ calls, i }));
        for (uint32_t i = 0; i < calls->clients; i++)
                kr_send(calls->client[i], "go");
        for (uint32_t i = 0; i < calls->clients; i++)
                must_end_normally(client_refs[i]);
        for (uint32_t i = 0; i < calls->servers; i++) {
                kr_send(calls->server[i], "stop");
                must_end_normally(server_refs[i]);
        }
        free(calls);
}

/* -- become: a process that changes its loop; what one does not want waits for another -- */

struct becoming {
        uint64_t seed;
        kr_pid parent;
        struct chance c;
        int64_t next[2]; /* number of the next message of either kind */
        int64_t total;
};

static void loop_red(struct becoming *b);
static void loop_blue(struct becoming *b);

static void take_tick(struct becoming *b, int kind, int64_t n)
{
        must_eq(n, b->next[kind]++);
        if (b->next[0] + b->next[1] == b->total) {
                kr_send(b->parent, "{done, ~}", kr_self());
                kr_exit("normal");
        }
        if (chance_one_in(&b->c, 3) && kind == 0)
                kr_become(loop_blue, b);
        if (chance_one_in(&b->c, 3) && kind == 1)
                kr_become(loop_red, b);
}

/* Waits with a stack, for either; with a timeout now and then. */
static void loop_red(struct becoming *b)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        for (;;) {
                int64_t wait_ms = chance_one_in(&b->c, 4) ? 1 : KR_INFINITY;

                switch (kr_receive(&msg, wait_ms, kr_on(0, "{red, ~}", &n),
                                   kr_on(1, "{blue, ~}", &n))) {
                case 0:
                        take_tick(b, 0, n);
                        break;
                case 1:
                        take_tick(b, 1, n);
                        break;
                }
        }
}

/* Waits without a stack, and only for blue while red piles up; gives up after a while. */
static void loop_blue(struct becoming *b)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        if (kr_receive_top(&msg, 2, kr_on(1, "{blue, ~}", &n)) == KR_TIMEOUT)
                kr_become(loop_red, b);
        take_tick(b, 1, n);
        kr_become(loop_blue, b);
}

struct ticking {
        kr_pid to;
        uint64_t seed;
        int64_t count;
        bool red;
};

static void tick(const struct ticking *t)
{
        struct chance c = chance_of(t->seed, 400 + t->red);

        for (int64_t i = 0; i < t->count; i++) {
                if (t->red)
                        kr_send(t->to, "{red, ~}", i);
                else
                        kr_send(t->to, "{blue, ~}", i);
                if (chance_one_in(&c, 5))
                        kr_yield();
                if (chance_one_in(&c, 20))
                        kr_sleep(1);
        }
}

void workload_become(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 3);
        int64_t reds = chance_below(&c, 80), blues = 1 + chance_below(&c, 80);
        struct becoming b = { .seed = (uint64_t)seed,
                              .parent = kr_self(),
                              .total = reds + blues };
        kr_ref refs[3];
        kr_pid pid;
        kr_msg msg = KR_MSG_INIT;

        b.c = chance_of((uint64_t)seed, 4);
        pid = kr_spawn_monitor(&refs[0], loop_blue, &b);
        kr_spawn_monitor(&refs[1], tick,
                         (&(struct ticking){ pid, (uint64_t)seed, reds, true }));
        kr_spawn_monitor(&refs[2], tick,
                         (&(struct ticking){ pid, (uint64_t)seed, blues, false }));
        for (int i = 0; i < 3; i++)
                must_end_normally(refs[i]);
        must_eq(kr_receive(&msg, 0, kr_on(0, "{done, =}", pid)), 0);
        must_stay_empty("become", 0);
}

/* -- limits: a mailbox that holds so much and no more -- */

struct limits {
        uint64_t seed;
        kr_overflow overflow;
        uint32_t max, senders, each;
        kr_pid receiver;
        _Atomic uint64_t sent, refused, received;
        _Atomic bool overflowed;
};

struct limits_arg {
        struct limits *limits;
        uint32_t index;
        kr_pid parent; /* the receiver's: hears when it traps exits */
};

static void queue_is_bounded(const struct limits *limits)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t len;

        must(kr_process_info(kr_self(), KR_ATOM("message_queue_len"), &msg));
        must(kr_match(msg.term, "{message_queue_len, ~}", &len));
        must(len <= (int64_t)limits->max + 1); /* and the exit signal that ends it */
        kr_msg_clear(&msg);
}

static void limited_main(const struct limits_arg *arg)
{
        enum { M, FINISH };
        struct limits *limits = arg->limits;
        struct chance c = chance_of(limits->seed, 500);
        int64_t wait_ms = KR_INFINITY;
        kr_msg msg = KR_MSG_INIT;
        int64_t last[8], n;
        uint32_t from;

        for (int i = 0; i < 8; i++)
                last[i] = -1;
        kr_trap_exit(true);
        kr_send(arg->parent, "trapping");
        for (;;) {
                switch (kr_receive(&msg, wait_ms, kr_on(M, "{m, ~, ~}", &from, &n),
                                   kr_on(FINISH, "{'EXIT', _, finish}"))) {
                case M:
                        must(n > last[from]);
                        last[from] = n;
                        atomic_fetch_add(&limits->received, 1);
                        break;
                case FINISH:
                        wait_ms =
                                5; /* what was sent before is here already, or nearly so */
                        break;
                default:
                        return;
                }
                if (chance_one_in(&c, 6))
                        queue_is_bounded(limits);
                if (chance_one_in(&c, 10))
                        kr_sleep(chance_below(&c, 2));
        }
}

static void limited_sender(const struct limits_arg *arg)
{
        struct limits *limits = arg->limits;
        struct chance c = chance_of(limits->seed, 600 + arg->index);

        for (uint32_t i = 0; i < limits->each; i++) {
                kr_err err = kr_send(limits->receiver, "{m, ~, ~}", arg->index, i);

                must(err == KR_OK ||
                     (err == KR_EFULL && limits->overflow == KR_OVERFLOW_REFUSE));
                atomic_fetch_add(err == KR_OK ? &limits->sent : &limits->refused, 1);
                if (chance_one_in(&c, 4))
                        kr_yield();
        }
}

static void limits_count(struct limits *limits)
{
        uint64_t sent = atomic_load(&limits->sent),
                 received = atomic_load(&limits->received);

        must_eq(sent + atomic_load(&limits->refused),
                (uint64_t)limits->senders * limits->each);
        if (limits->overflow == KR_OVERFLOW_REFUSE ||
            limits->overflow == KR_OVERFLOW_SUSPEND ||
            (limits->overflow == KR_OVERFLOW_EXIT && !limits->overflowed))
                must_eq(received, sent);
        else
                must(received <= sent);
}

static void await_receiver(struct limits *limits, kr_ref ref)
{
        enum { ENDED, OVERFLOWED };
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(limits->receiver, "finish");
        if (kr_receive(&msg, KR_INFINITY,
                       kr_on(ENDED, "{'DOWN', =, process, _, normal}", ref),
                       kr_on(OVERFLOWED, "{'DOWN', =, process, _, mailbox_overflow}",
                             ref)) == OVERFLOWED) {
                must(limits->overflow == KR_OVERFLOW_EXIT);
                limits->overflowed = true;
        }
        kr_msg_clear(&msg);
}

void workload_limits(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 5);
        struct limits *limits = workload_alloc(1, sizeof(*limits));
        kr_ref receiver_ref, refs[8];
        kr_spawn_opts opts = { .monitor = true, .ret_monitor = &receiver_ref };
        kr_msg msg = KR_MSG_INIT;

        limits->seed = (uint64_t)seed;
        limits->overflow = (kr_overflow)chance_below(&c, 4);
        limits->max = 1 + chance_below(&c, 20);
        limits->senders = 1 + chance_below(&c, 5);
        limits->each = chance_below(&c, 60);
        opts.mailbox = (kr_mailbox_limit){ .messages = limits->max,
                                           .overflow = limits->overflow };
        limits->receiver = kr_spawn_opt(&opts, limited_main,
                                        (&(struct limits_arg){ limits, 0, kr_self() }));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "trapping"));
        for (uint32_t i = 0; i < limits->senders; i++)
                kr_spawn_monitor(&refs[i], limited_sender,
                                 (&(struct limits_arg){ .limits = limits, .index = i }));
        for (uint32_t i = 0; i < limits->senders; i++)
                must_end_normally(refs[i]);
        await_receiver(limits, receiver_ref);
        limits_count(limits);
        free(limits);
}
