/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.h: a running module, or a whole application, is replaced by another version of itself,
 * and put back if that does not do. Follows what OTP's release_handler does with suspend,
 * code_change and resume; beyond it: a trial, a watch, and the way back.
 *
 *      kr_upgrade_report report;
 *
 *      if (kr_upgrade("counter", "build/counter.so", NULL, &report) != KR_OK)
 *              errx(1, "%s", report.reason);
 *
 * Steps     1. The version before the present one is purged, the new one loaded and checked;
 *              nobody can reach it yet.
 *           2. Trial: where states change their layout (change.h), that of one process of each
 *              behaviour is copied and converted in a process that is thrown away afterwards, with
 *              a time limit. Without declared fields or a copy function: none; the report says so.
 *           3. It becomes the current version. Process after process stands still, converts its
 *              state and goes on (KR_UPGRADE_ROLLING), or all stand still, then all convert,
 *              then all go on (KR_UPGRADE_AT_ONCE). Mailboxes stay as they are. States of the
 *              same layout need no conversion.
 *           4. For trial_ms the new version is watched; then the health check is asked.
 *           5. The change is for good. The version before is kept as old, for kr_rollback.
 * Back      If a code_change refuses, raises, faults or does not return in time (then it is cut off
 *           if it computes, or waits); if a process ends by an error or a fault in the new
 *           version, before 5; or if the check says no: all go back, by themselves. A process
 *           that has handled nothing since has its former state again, byte by byte. One that
 *           has keeps what it has acknowledged: its present state is converted back. If that
 *           cannot be done either, it ends with {upgrade, {cannot_go_back, Module, Why}}, and
 *           its supervisor starts it anew, in the old version.
 * Who       Every process that runs a behaviour (KR_BEHAVIOURS) or an event handler (KR_HANDLERS)
 *           of the module on this node, supervised or not. Plain loops move by themselves
 *           (kr_become_named).
 * One       upgrade at a time on a node. It is done by a process of its own, which goes on if the
 *           caller ends.
 * Callable by processes, attached threads too. All of it blocks, and may not return.
 */
#ifndef KRARUP_UPGRADE_H
#define KRARUP_UPGRADE_H

#include <krarup/code.h>
#include <krarup/text.h>

typedef enum kr_upgrade_mode {
        KR_UPGRADE_ROLLING, /* old and new versions serve at the same time for a while */
        KR_UPGRADE_AT_ONCE, /* nobody serves while the others change */
} kr_upgrade_mode;

/* All zero is a good default. */
typedef struct kr_upgrade_opts {
        kr_upgrade_mode mode;
        const char *extra; /* for code_change, as text: "{limit, 10}"; NULL: [] */
        bool may_lose;     /* fields that the new version does not know go */
        bool no_trial;     /* leave step 2 out */
        bool kill_old;     /* whoever holds the version before is killed; false: then the
                                      upgrade is refused */
        int64_t change_timeout_ms; /* a process may take so long until it has changed, with
                                      what it is at; 0: 5000; KR_INFINITY */
        int64_t trial_ms;          /* how long the new version is watched; 0: not */
        int64_t check_timeout_ms;  /* of the check; 0: 5000 */

        /* The health check: all that are there must say yes. Called in a process of its own.
         * check_export: Module:Function(), "counter:healthy", that gives ok or true. */
        bool (*check)(void *context);
        void *check_context;
        const char *check_export;
} kr_upgrade_opts;

typedef enum kr_upgrade_outcome {
        KR_UPGRADE_REFUSED,     /* nothing has changed for anybody */
        KR_UPGRADE_DONE,        /* the new version is current */
        KR_UPGRADE_ROLLED_BACK, /* it was, and the old one is again */
} kr_upgrade_outcome;

typedef enum kr_upgrade_trial {
        KR_TRIAL_NOT_NEEDED,   /* no state changes its layout */
        KR_TRIAL_NOT_WANTED,   /* no_trial */
        KR_TRIAL_NOT_POSSIBLE, /* some state could not be copied */
        KR_TRIAL_PASSED,
        KR_TRIAL_FAILED,
} kr_upgrade_trial;

/* What came of it. */
typedef struct kr_upgrade_report {
        kr_upgrade_outcome outcome;
        kr_upgrade_trial trial;
        char module[256], from[64], to[64]; /* versions */

        uint32_t processes; /* that ran the module; each is one of the next six */
        uint32_t moved;     /* went over with the state as it was */
        uint32_t converted;
        uint32_t refused; /* could not be converted, or did not in time */
        uint32_t gone;    /* ended by themselves, before their turn */
        uint32_t untried; /* it was not their turn any more */
        uint32_t crashed; /* ended in the new version, while it was watched (also counted
                             above) */

        uint32_t restored; /* going back: with the former state, or none to convert */
        uint32_t converted_back; /* ... with the present one */
        uint32_t lost; /* ... not at all: they have ended, or not answered in time */

        int64_t took_ns;          /* all of it */
        int64_t loading_ns;       /* steps 1 and 2 */
        int64_t moving_ns;        /* step 3 */
        int64_t longest_pause_ns; /* that one process stood still */
        char reason[1024];        /* why it is not DONE, as text; "" */
} kr_upgrade_report;

KR_BEGIN_DECLS

/* Replace the current version of a module by that in `file`. `opts`, and `ret` too, may be NULL.
 * KR_OK       it is done
 * KR_EFAILED  refused, or rolled back: see the report
 * KR_EALREADY another upgrade is under way on this node
 * KR_ENOPROC  no such module is loaded
 * KR_EBADARG  an option is wrong
 * KR_ENOMEM   refused for want of memory */
KR_API kr_err kr_upgrade(const char *module, const char *file,
                         const kr_upgrade_opts *opts, kr_upgrade_report *ret);

/* Go back to the old version, if it is still there, in the same steps but the first: states
 * are converted as they are now. Once more: forth again. Loses what the old version does not know
 * (may_lose is implied). KR_ESTATE: there is no old version; else as kr_upgrade. */
KR_API kr_err kr_rollback(const char *module, const kr_upgrade_opts *opts,
                          kr_upgrade_report *ret);

/* Gives a new term: the report as a map. */
KR_API kr_term kr_upgrade_report_term(const kr_upgrade_report *report);

/* -- whole applications --
 *
 * What is to be done stands in App.appup, as OTP has it:
 *      {"2", [{"1", [{update, counter, {advanced, []}},
 *                    {load_module, counter_lib, [counter]}]}],
 *            [{"1", [{update, counter, {advanced, []}}]}]}.
 * A version to come from or to go to may be a binary: a POSIX extended regular expression for
 * the whole of it. Instructions are
 *      {update, Mod}, {update, Mod, supervisor}, {update, Mod, {advanced, Extra}}, each also with
 *      soft for the Change, and with DepMods as the last element: kr_upgrade
 *      {load_module, Mod}, {load_module, Mod, DepMods}        load it, ask nobody
 *      {add_module, Mod}, {delete_module, Mod}                (the latter after all others)
 *      {add_application, App}, {remove_application, App}, {restart_application, App}
 *      {apply, {M, F, Args}}
 * in their order, but for DepMods: those come before. Without such a file: modules whose
 * file differs from what is loaded are updated in the order of `modules` in the .app file, those
 * that are new are added before, those that are gone deleted. Modules are found in the folder as
 * Mod.so or libMod.so.
 * If a step fails, those before it are taken back in reverse order; what was applied, and an
 * application that was started anew, is not. After the last one the application has its
 * new version, environment and keys, and hears of what has changed (kr_application_change). */

typedef struct kr_application_report {
        kr_upgrade_outcome outcome;
        char from[64], to[64]; /* versions of the application */
        uint32_t steps, done;  /* instructions; those that were carried out */
        uint32_t processes;    /* that have changed */
        int64_t longest_pause_ns;
        char reason[1024]; /* why it is not DONE; "" */
} kr_application_report;

/* Upgrade (or downgrade) a loaded application to the version in this folder, which holds App.app
 * and what belongs to it. `opts`, of each module's upgrade, and `ret` may be NULL. KR_OK;
 * KR_EFAILED: see the report; KR_ENOPROC: it is not loaded; KR_EBADARG. Blocks. Follows
 * release_handler:upgrade_app/2, downgrade_app/2. */
KR_API kr_err kr_upgrade_application(const char *app, const char *folder,
                                     const kr_upgrade_opts *opts,
                                     kr_application_report *ret);

/* Gives a new term: the instructions, in the order in which they would be carried out, of a file
 * that leads from one version to another: of App.appup of the newer one. none: *error (emptied,
 * then filled; may be NULL) says what is wrong, and where: file:line:column. Follows
 * release_handler:upgrade_script/2, downgrade_script/3. */
KR_API kr_term kr_appup_script(const char *file, const char *from, const char *to,
                               kr_buf *error);

KR_END_DECLS
#endif
