/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_supervisor_test.c: mistakes with supervisors and the specs of their children. */
#include "mistakes.h"
#include "supervisor_kit.h"

/* -- specs -- */

#define SPEC(more) "#{id => a, start => {w, waits, [a]}" more "}"

static void starts(const char *sup)
{
        kr_term args;

        offer_all();
        args = parsed(sup);
        (void)kr_start(&any_sup, NULL, "~", args);
}

#define WRONG_SPEC(name, spec, cause, remedy)                                            \
        MISTAKE(name, cause, remedy)                                                     \
        {                                                                                \
                starts("{one_for_one, 1, 5, never, [" spec "]}");                        \
        }

/* mistake: a child without id */
WRONG_SPEC(test_no_id, "#{start => {w, waits, []}}", "missing_id",
           "give the child an .id")
/* mistake: a child without start */
WRONG_SPEC(test_no_start, "#{id => a}", "missing_start", "give the child a .start")
/* mistake: a start that is no {Module, Function, Args} */
WRONG_SPEC(test_no_mfa, "#{id => a, start => {w, waits}}", "{invalid_mfa,",
           "with a list of arguments")
/* mistake: a restart type that there is not */
WRONG_SPEC(test_no_restart_type, SPEC(", restart => sometimes"),
           "{invalid_restart_type,sometimes}",
           "restart is permanent, transient or temporary")
/* mistake: significant is no boolean */
WRONG_SPEC(test_no_significant, SPEC(", restart => transient, significant => yes"),
           "{invalid_significant,yes}", "significant is true or false")
/* mistake: a significant child whose supervisor never ends for one */
WRONG_SPEC(test_significant_for_nothing,
           SPEC(", restart => transient, significant => true"),
           "{bad_combination,[{auto_shutdown,never},",
           "significant children need a supervisor with .auto_shutdown")
/* mistake: a type of child that there is not */
WRONG_SPEC(test_no_child_type, SPEC(", type => helper"), "{invalid_child_type,helper}",
           "type is worker or supervisor")
/* mistake: a shutdown below 0 */
WRONG_SPEC(test_no_shutdown, SPEC(", shutdown => -1"), "{invalid_shutdown,-1}",
           "shutdown is milliseconds, infinity or brutal_kill")
/* mistake: modules that are no list */
WRONG_SPEC(test_no_modules, SPEC(", modules => w"), "{invalid_modules,w}",
           "modules is a list of atoms")
/* mistake: a module that is no atom */
WRONG_SPEC(test_no_module, SPEC(", modules => [1]"), "{invalid_module,1}",
           "modules is a list of atoms")
/* mistake: a name that is no atom */
WRONG_SPEC(test_no_name, SPEC(", name => \"a\""), "{invalid_name,", "name is an atom")
/* mistake: a budget of its own that is none */
WRONG_SPEC(test_no_budget, SPEC(", budget => {3, -1, false}"), "{invalid_budget,",
           "a budget is {Intensity, PeriodSeconds, GivesUp}")
/* mistake: a wait before restarts that is none */
WRONG_SPEC(test_no_backoff, SPEC(", backoff => {10, 5}"), "{invalid_backoff,",
           "a backoff is {FirstMs, MostMs}")
/* mistake: a child spec that is nonsense */
WRONG_SPEC(test_no_spec, "nonsense", "{invalid_child_spec,nonsense}",
           "a child spec is a map with id and start")
/* mistake: two children with one id */
WRONG_SPEC(test_an_id_twice, SPEC("") "," SPEC(""), "{duplicate_child_name,a}",
           "has an id of its own")

/* mistake: a permanent child that is significant */
MISTAKE(test_significant_and_permanent, "{bad_combination,[{restart,permanent},",
        "a significant child is transient or temporary")
{
        starts("{one_for_one, 1, 5, any_significant, [" SPEC(
                ", significant => true") "]}");
}

/* mistake: a budget for children that are all alike */
MISTAKE(test_a_budget_for_all, "{bad_combination,[{strategy,simple_one_for_one},",
        "leave .budget out")
{
        starts("{simple_one_for_one, 1, 5, never, [" SPEC(
                ", budget => {3, 60, false}") "]}");
}

/* mistake: a simple_one_for_one supervisor with two children in its table */
MISTAKE(test_two_templates, "{bad_start_spec,", "exactly one child in its table")
{
        starts("{simple_one_for_one, 1, 5, never, [" SPEC("") ", x]}");
}

static const kr_child no_term[] = {
        { .id = "a", .start = KR_START_RUN(waits), .args = "[oops" }
};

KR_SUPERVISOR(no_term_sup, .intensity = 1, KR_CHILDREN(no_term));

/* mistake: arguments of a kr_child that are no term */
MISTAKE(test_arguments_that_are_no_term, "{invalid_child_spec,", "are Erlang terms")
{
        (void)kr_start(&no_term_sup, NULL, "[]");
}

/* -- flags -- */

KR_SUPERVISOR(strategy_sup, .strategy = (kr_strategy)9);
KR_SUPERVISOR(intensity_sup, .intensity = -7);
KR_SUPERVISOR(period_sup, .period_s = -7);
KR_SUPERVISOR(auto_sup, .auto_shutdown = (kr_auto_shutdown)9);

/* mistake: a strategy that there is not */
MISTAKE(test_no_strategy, "{supervisor_data,{invalid_strategy,9}}",
        "the strategy is one_for_one")
{
        (void)kr_start(&strategy_sup, NULL, "[]");
}

/* mistake: an intensity below 0 */
MISTAKE(test_no_intensity, "{invalid_intensity,-7}", "intensity is 0 or more")
{
        (void)kr_start(&intensity_sup, NULL, "[]");
}

/* mistake: a period below 0 */
MISTAKE(test_no_period, "{invalid_period,-7}", "a number of seconds above 0")
{
        (void)kr_start(&period_sup, NULL, "[]");
}

/* mistake: an auto_shutdown that there is not */
MISTAKE(test_no_auto_shutdown, "{invalid_auto_shutdown,9}",
        "any_significant or all_significant")
{
        (void)kr_start(&auto_sup, NULL, "[]");
}

static kr_err bad_init(kr_supervisor_init *s, kr_term args)
{
        (void)s;
        (void)args;
        return KR_ETIMEDOUT;
}

KR_SUPERVISOR(bad_sup, .init = bad_init);

/* mistake: a supervisor's init that fails */
MISTAKE(test_a_supervisors_init_that_fails, "{bad_return,{bad_sup,init,",
        "init returns KR_OK")
{
        (void)kr_start(&bad_sup, NULL, "[]");
}

/* -- children -- */

/* mistake: a start function that is not known */
MISTAKE(test_a_start_that_is_not_known, "{'EXIT',{undef,[{w,unheard_of,[],[]}]}}",
        "offer it with kr_supervisor_offer")
{
        starts("{one_for_one, 1, 5, never, [#{id => a, start => {w, unheard_of, []}}]}");
}

static const kr_child twins[] = {
        { .id = "a",
          .name = "anna",
          .start = KR_START(any_sup),
          .args = "[{one_for_one, 1, 5, never, []}]" },
        { .id = "b",
          .name = "anna",
          .start = KR_START(any_sup),
          .args = "[{one_for_one, 1, 5, never, []}]" },
};

KR_SUPERVISOR(twins_sup, KR_CHILDREN(twins));

/* mistake: a child whose name is taken */
MISTAKE(test_a_child_whose_name_is_taken, "child b cannot be started: {already_started,",
        "the name is taken by that process")
{
        (void)kr_start(&twins_sup, NULL, "[]");
}

/* mistake: a child that crashes again and again */
MISTAKE(test_a_child_that_crashes_again_and_again,
        "gives up: reached_max_restart_intensity",
        "crash more often than .intensity allows")
{
        kr_started s;
        kr_term args;

        offer_all();
        kr_register("test", kr_self());
        args = parsed("{one_for_one, 1, 5, never, [" SPEC("") "]}");
        s = kr_start(&any_sup, NULL, "~", args);
        for (int i = 0; i < 2; i++) {
                kr_pid pid = pid_of(s.pid, "a");

                kr_send(pid, "fault");
                while (kr_is_process_alive(pid))
                        kr_sleep(1);
        }
}

/* mistake: a child that does not shut down in its time */
MISTAKE(test_a_child_that_is_deaf, "was to shut down, but ended: killed", "shutdown")
{
        kr_started s;
        kr_term args;

        offer_all();
        args = parsed("{one_for_one, 1, 5, never, [#{id => a, start => {w, is_deaf, [a]},"
                      " shutdown => 10}]}");
        s = kr_start(&any_sup, NULL, "~", args);
        (void)kr_supervisor_terminate_child(s.pid, "a");
}

KIT_MAIN(KIT_CASE(test_no_id), KIT_CASE(test_no_start), KIT_CASE(test_no_mfa),
         KIT_CASE(test_no_restart_type), KIT_CASE(test_no_significant),
         KIT_CASE(test_significant_for_nothing), KIT_CASE(test_no_child_type),
         KIT_CASE(test_no_shutdown), KIT_CASE(test_no_modules), KIT_CASE(test_no_module),
         KIT_CASE(test_no_name), KIT_CASE(test_no_budget), KIT_CASE(test_no_backoff),
         KIT_CASE(test_no_spec), KIT_CASE(test_an_id_twice),
         KIT_CASE(test_significant_and_permanent), KIT_CASE(test_a_budget_for_all),
         KIT_CASE(test_two_templates), KIT_CASE(test_arguments_that_are_no_term),
         KIT_CASE(test_no_strategy), KIT_CASE(test_no_intensity),
         KIT_CASE(test_no_period), KIT_CASE(test_no_auto_shutdown),
         KIT_CASE(test_a_supervisors_init_that_fails),
         KIT_CASE(test_a_start_that_is_not_known),
         KIT_CASE(test_a_child_whose_name_is_taken),
         KIT_CASE(test_a_child_that_crashes_again_and_again),
         KIT_CASE(test_a_child_that_is_deaf))
