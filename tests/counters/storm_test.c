/* SPDX-License-Identifier: Apache-2.0 */
/* storm_test.c: a counter under load is hit: who starts it again, and that its neighbours lose
 * nothing. How many ticks c loses is chance; that each tick is accounted for is not. */
#include "../../counters/storm/storm.h"
#include "../../counters/storm/storm_sup.h"

#include <string.h>

#include "expect.h"
#include "process.h"

static bool was_restarted(const struct storm_result *result, int who)
{
        return !kr_pid_eq(result->members[who].before, result->members[who].after);
}

static void expect_untouched(const struct storm_result *result, int who)
{
        const struct storm_count *c = &result->counts[who];

        kit_false(was_restarted(result, who));
        kit_int_gt(c->acknowledged, 0);
        kit_int_eq(c->counted, c->sent);
        kit_int_eq(c->now, c->before + c->sent);
}

/* It begins at 0: what it has now is at most what was counted meanwhile. */
static void expect_begun_anew(const struct storm_result *result, int who)
{
        const struct storm_count *c = &result->counts[who];

        kit_true(was_restarted(result, who));
        kit_str_eq(result->members[who].parent, "rough_sup");
        kit_int_gt(c->now, 0);
        kit_int_le(c->now, c->counted);
        kit_int_le(c->counted, c->sent);
        kit_int_le(c->acknowledged, c->counted);
}

static void expect_one_restart(enum storm_blow blow, const char *reason)
{
        struct storm_result result;

        storm_blow(blow, NULL, &result);
        kit_not_null(strstr(result.reason, reason));
        kit_int_eq(result.strikes, 1);
        kit_int_ge(result.answered_ns, 0);
        expect_begun_anew(&result, STORM_C);
        expect_untouched(&result, STORM_A);
        expect_untouched(&result, STORM_B);
        expect_untouched(&result, STORM_D);
        kit_false(was_restarted(&result, STORM_CALM_SUP));
        kit_false(was_restarted(&result, STORM_ROUGH_SUP));
}

static const kr_node_opts node = { .schedulers = 2, .faults = KR_FAULTS_EXIT };

static void deal_each_blow(void)
{
        kit_int_eq(storm_start().err, KR_OK);
        expect_one_restart(STORM_SEGV, "{sigsegv,0}");
        expect_one_restart(STORM_KILL, "killed");
        expect_one_restart(STORM_WRONG, "badarith");
        if (!KIT_SIGNALS_WAIT) {
                expect_one_restart(STORM_LOOP, "killed");
                expect_one_restart(STORM_DEEP, "{stack_overflow,");
        }
        storm_stop();
        kit_true(kr_pid_is_none(kr_whereis("storm_sup")));
}

KIT_TEST(test_each_blow_restarts_the_one_that_is_hit)
{
        kit_run_process(&node, deal_each_blow);
}

static void deal_too_many(void)
{
        struct storm_result result;

        kit_int_eq(storm_start().err, KR_OK);
        storm_blow(STORM_AGAIN, NULL, &result);
        kit_int_eq(result.strikes, STORM_RESTARTS + 1);
        kit_true(was_restarted(&result, STORM_ROUGH_SUP));
        kit_str_eq(result.members[STORM_ROUGH_SUP].parent, "storm_sup");
        expect_begun_anew(&result, STORM_C);
        expect_begun_anew(&result, STORM_D);
        expect_untouched(&result, STORM_A);
        expect_untouched(&result, STORM_B);
        kit_false(was_restarted(&result, STORM_CALM_SUP));
        storm_stop();
}

KIT_TEST(test_a_supervisor_that_gives_up_is_started_again)
{
        kit_run_process(&node, deal_too_many);
}

KIT_MAIN(KIT_SLOW(test_each_blow_restarts_the_one_that_is_hit, 60),
         KIT_SLOW(test_a_supervisor_that_gives_up_is_started_again, 60))
