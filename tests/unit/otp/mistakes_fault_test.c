/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_fault_test.c: mistakes of C, of sys, and what there is no room for. */
#include "mistakes.h"
#include "told.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a compiler must not see through. */
static char *volatile nowhere = NULL;
static volatile int zero;

/* -- faults -- */

/* mistake: a pointer to memory that is not there */
MISTAKE(test_a_pointer_to_nowhere, "sigsegv at address 0x100000",
        "run it under AddressSanitizer")
{
        *(nowhere + 0x100000) = 1;
}

/* mistake: a mapped file that has become shorter */
MISTAKE(test_a_file_that_is_shorter, "sigbus at address", "a file that became shorter")
{
        char name[] = "/tmp/kr_mistake_XXXXXX";
        int fd = mkstemp(name);
        volatile char *map;

        kit_int_ge(fd, 0);
        (void)unlink(name);
        map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        kit_true(map != MAP_FAILED);
        map[0] = 1;
}

/* mistake: a division by 0 */
MISTAKE(test_a_division_by_zero, "sigfpe at address", "an integer was divided by 0")
{
        zero = 10 / zero;
}

/* mistake: machine code that is none */
MISTAKE(test_no_machine_code, "sigill at address", "a wrong function pointer")
{
        __builtin_trap();
}

/* mistake: an assertion that does not hold */
MISTAKE(test_an_assertion_that_does_not_hold, "sigabrt at address", "an assertion failed")
{
        assert(zero == 1);
}

static int sink(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        if (nowhere != NULL)
                return 0; /* never: the compiler is not to know */
        return sink(depth + 1) + frame[0];
}

/* mistake: recursion without an end */
MISTAKE(test_recursion_without_an_end, "stack_overflow at address",
        "a process has 64 KiB of stack")
{
        zero = sink(0);
}

/* mistake: an integer that overflows */
MISTAKE(test_a_number_that_overflows, "badarith", "an overflow, or a division by 0")
{
        zero = (int)kr_add(INT64_MAX, kr_monotonic_ms(NULL) >= 0);
}

/* -- no room -- */

static void takes_much(void)
{
        while (kr_alloc(10000) != NULL)
                kr_yield();
        kr_sleep(KR_INFINITY);
}

/* mistake: a process that takes more memory than it may */
KIT_SIM_TEST(test_more_memory_than_it_may_take)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;
        kr_spawn_opts opts = { .monitor = true,
                               .ret_monitor = &ref,
                               .memory_max = 100000 };

        (void)kr_spawn_opt(&opts, takes_much);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_remedy(reason, "it used more than memory_max", "killed");
        kr_msg_clear(&msg);
}

static void waits_for_ever(void)
{
        kr_sleep(KR_INFINITY);
}

static void spawns_for_ever(void)
{
        for (;;)
                (void)kr_spawn(waits_for_ever);
}

static void spawn_too_many(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        (void)kr_spawn_monitor(&ref, spawns_for_ever);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_remedy(reason, "a table is full", "{system_limit, _}");
        kr_msg_clear(&msg);
}

/* mistake: more processes than the node may have -> {system_limit, _} */
KIT_TEST(test_more_processes_than_there_may_be)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .processes_max = 1024 },
                        spawn_too_many);
}

/* -- sys -- */

static kr_pid start_told(void)
{
        kr_started s = kr_start(&told, NULL, "{~, ok}", kr_self());

        kit_ok(s.err);
        return s.pid;
}

/* mistake: a server is asked for its state while it works */
MISTAKE(test_a_state_that_does_not_come, "{timeout,{sys,get_state,",
        "it is busy or suspended")
{
        kr_pid pid = start_told();
        kr_msg slot = KR_MSG_INIT;

        (void)kr_suspend_process(pid);
        (void)kr_sys_get_state_timeout(pid, &slot, 10);
}

KIT_MAIN(KIT_CASE(test_a_pointer_to_nowhere), KIT_CASE(test_a_file_that_is_shorter),
         KIT_CASE(test_a_division_by_zero), KIT_CASE(test_no_machine_code),
         KIT_CASE(test_an_assertion_that_does_not_hold),
         KIT_CASE(test_recursion_without_an_end), KIT_CASE(test_a_number_that_overflows),
         KIT_CASE(test_more_memory_than_it_may_take),
         KIT_CASE(test_more_processes_than_there_may_be),
         KIT_CASE(test_a_state_that_does_not_come))
