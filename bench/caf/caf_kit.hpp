/* SPDX-License-Identifier: Apache-2.0 */
/* caf_kit.hpp: kit.h for CAF programs: the atoms of their messages and the actor system's set-up.
 *
 * Use  BENCH_CAF_MAIN(run) with `void run(caf::actor_system &, const bench_args &)`, or
 *      BENCH_CAF_MAIN_TUNED(run, policy, messages_per_turn) where other settings serve CAF better.
 */
#ifndef BENCH_CAF_KIT_HPP
#define BENCH_CAF_KIT_HPP

#define BENCH_PEER "caf"
#include "../kit.h"

#include <caf/all.hpp>

using add_atom = caf::atom_constant<caf::atom("add")>;
using arrived_atom = caf::atom_constant<caf::atom("arrived")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using collect_atom = caf::atom_constant<caf::atom("collect")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using get_atom = caf::atom_constant<caf::atom("get")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using read_atom = caf::atom_constant<caf::atom("read")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using token_atom = caf::atom_constant<caf::atom("token")>;
using work_atom = caf::atom_constant<caf::atom("work")>;

/* The default, stealing, is the fastest while run queues are short; but a thief walks the whole
 * queue to find its last entry, so that sharing, one queue for all, is much faster when thousands
 * of actors are ready on more than one thread. */
static const auto bench_stealing = caf::atom("stealing");
static const auto bench_sharing = caf::atom("sharing");

/* `messages_per_turn` is how many messages an actor may handle before others run; 0 leaves it
 * unlimited, which is CAF's default and its fastest. */
static inline int bench_caf_run(int argc, char **argv, caf::atom_value policy,
                                size_t messages_per_turn,
                                void (*run)(caf::actor_system &, const bench_args &))
{
        bench_args args = bench_parse(argc, argv);
        caf::actor_system_config config;

        config.set("scheduler.max-threads", static_cast<size_t>(args.schedulers));
        config.set("scheduler.policy", policy);
        if (messages_per_turn > 0)
                config.set("scheduler.max-throughput", messages_per_turn);
        caf::actor_system system{ config };
        bench_check(system.scheduler().num_workers() ==
                    static_cast<size_t>(args.schedulers));
        run(system, args);
        return 0;
}

#define BENCH_CAF_MAIN_TUNED(run, policy, messages_per_turn)                             \
        int main(int argc, char **argv)                                                  \
        {                                                                                \
                return bench_caf_run(argc, argv, policy, messages_per_turn, run);        \
        }
#define BENCH_CAF_MAIN(run) BENCH_CAF_MAIN_TUNED(run, bench_stealing, 0)

#endif
