/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of C become exit reasons, or the node ends and says why. */
#include <process.h>

#include <krarup.h>

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULTS(name)                                                                     \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,               \
                                                 .schedulers = 2 },                      \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

/* What a compiler must not see through. */
static char *volatile nowhere = NULL;
static volatile int zero;
static int null_write_line;

/* -- faults -- */

__attribute__((noinline)) static void write_null(void)
{
        null_write_line = __LINE__ + 1;
        *nowhere = 1;
}

static void read_far(void)
{
        zero = *(nowhere + 0x10008);
}

static int sink(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        if (nowhere != NULL)
                return 0; /* never: the compiler is not to know */
        return sink(depth + 1) + frame[0];
}

static void sink_for_ever(void)
{
        zero = sink(0);
}

/* Whatever overflows the stack here is nothing that could be left in the middle. */
__attribute__((noinline)) static int sink_receiving(int depth)
{
        kr_msg msg = KR_MSG_INIT;

        if (nowhere != NULL)
                return 0;
        (void)kr_receive(&msg, 0, kr_on(1, "never"));
        return sink_receiving(depth + 1) + 1;
}

static void receive_for_ever(void)
{
        zero = sink_receiving(0);
}

__attribute__((noinline)) static int sink_allocating(int depth)
{
        char *volatile text = malloc(100);

        if (nowhere != NULL)
                return 0;
        depth = sink_allocating(depth + 1) + 1;
        free(text);
        return depth;
}

static void allocate_for_ever(void)
{
        zero = sink_allocating(0);
}

static void divide(void)
{
#if defined(__aarch64__)
        raise(SIGFPE); /* what is divided by 0 is 0 there, and no fault */
#else
        zero = 100 / zero;
#endif
}

static void give_up(void)
{
        abort();
}

static void claim(void)
{
        assert(zero);
}

static void trap(void)
{
        __builtin_trap();
}

static void stop_here(void)
{
        raise(SIGTRAP);
}

static void touch_beyond_file(void)
{
        char name[] = "/tmp/krarup-fault-XXXXXX";
        int fd = mkstemp(name);
        volatile char *page;

        unlink(name);
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        page[0] = 1;
}

static void call_null(void)
{
        void (*volatile f)(void) = NULL;

        f();
        zero = 0; /* so that this is a call and not a jump */
}

__attribute__((noinline)) static void measure_null(void)
{
        size_t (*volatile length)(const char *) = strlen;

        zero = (int)length(nowhere);
}

static int compare(const void *a, const void *b)
{
        (void)a;
        (void)b;
        *nowhere = 1;
        return 0;
}

static void sort(void)
{
        int numbers[] = { 3, 1, 2 };

        qsort(numbers, 3, sizeof(numbers[0]), compare);
}

static void print_bad(void)
{
        char text[8];

        zero = snprintf(text, sizeof(text), "%s", nowhere + 3);
}

/* -- what becomes of them -- */

/* The reason that a process running fn ends with, in the slot. */
static kr_term end_of(kr_msg *slot, void (*fn)(void))
{
        kr_term reason = kr_none();
        kr_ref ref;

        kr_spawn_monitor(&ref, fn);
        kit_int_eq(kr_receive(slot, 5000,
                              kr_on(1, "{'DOWN', =, process, _, ~}", ref, &reason)),
                   1);
        return reason;
}

FAULTS(test_null_write_is_sigsegv_0)
{
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_match(end_of(&msg, write_null), "{{sigsegv, 0}, _}"));
}

FAULTS(test_the_address_is_in_the_reason)
{
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_match(end_of(&msg, read_far), "{{sigsegv, 65544}, _}"));
}

/* Innermost first, and nothing of Krarup's own. */
FAULTS(test_the_trace_names_function_offset_file_and_line)
{
        kr_msg msg = KR_MSG_INIT;
        const char *function, *file;
        int64_t offset, line;
        kr_term location;

        kit_true(kr_match(end_of(&msg, write_null), "{_, [{~, ~, ~}]}", &function,
                          &offset, &location));
        kit_str_eq(function, "write_null");
        kit_int_lt(offset, 256);
        if (kr_is_nil(location))
                return; /* no libdw on this machine */
        kit_true(kr_match(location, "[{file, ~}, {line, ~}]", &file, &line));
        kit_str_eq(file, "fault_test.c");
        kit_int_eq(line, null_write_line);
}

/* A name, and whoever called it: libc keeps no frame pointers. */
FAULTS(test_a_leaf_of_libc_is_survivable)
{
        kr_msg msg = KR_MSG_INIT;
        const char *leaf, *caller = "";
        kr_term callers;

        kit_true(kr_match(end_of(&msg, measure_null), "{{sigsegv, 0}, [{~, _, _} | ~]}",
                          &leaf, &callers));
        kit_str_eq(leaf, "strlen");
        while (strcmp(caller, "measure_null") != 0) /* sanitizers stand in between */
                kit_true(kr_match(callers, "[{~, _, _} | ~]", &caller, &callers));
}

FAULTS(test_deep_in_a_function_of_libc_without_locks_is_survivable)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t at;

        /* it may look at the whole aligned vector that the first byte lies in */
        kit_true(kr_match(end_of(&msg, print_bad), "{{sigsegv, ~}, _}", &at));
        kit_int_eq(at | 3, 3);
}

FAULTS(test_a_callback_of_qsort_is_survivable)
{
        kr_msg msg = KR_MSG_INIT;
        const char *inner;

        kit_true(kr_match(end_of(&msg, sort), "{{sigsegv, 0}, [{~, _, _} | _]}", &inner));
        kit_str_eq(inner, "compare");
}

/* Is there a call of this function among those of the trace? */
static bool has_call(kr_term trace, const char *name)
{
        const char *function;

        while (kr_match(trace, "[{~, _, _} | ~]", &function, &trace))
                if (strcmp(function, name) == 0)
                        return true;
        return false;
}

FAULTS(test_stack_overflow_has_a_name_of_its_own)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term trace;

        for (int i = 0; i < 100; i++) {
                kit_true(kr_match(end_of(&msg, sink_for_ever), "{{stack_overflow, _}, ~}",
                                  &trace));
                kit_true(has_call(trace, "sink"));
        }
}

FAULTS(test_an_overflow_inside_krarup_waits_until_it_is_outside)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term trace;

        if (KIT_SIGNALS_WAIT)
                return; /* the overflow comes inside ThreadSanitizer, under locks of its own */
        for (int i = 0; i < 100; i++) {
                kit_true(kr_match(end_of(&msg, receive_for_ever),
                                  "{{stack_overflow, _}, ~}", &trace));
                kit_true(has_call(trace, "sink_receiving"));
        }
}

FAULTS(test_an_overflow_inside_malloc_waits_until_it_is_outside)
{
        kr_msg msg = KR_MSG_INIT;

        if (kit_slowness() > 1)
                return; /* a sanitizer's malloc */
        for (int i = 0; i < 30; i++)
                kit_true(kr_match(end_of(&msg, allocate_for_ever),
                                  "{{stack_overflow, _}, _}"));
        free(malloc(100));
}

FAULTS(test_each_signal_has_its_name)
{
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_match(end_of(&msg, divide), "{{sigfpe, _}, _}"));
        kit_true(kr_match(end_of(&msg, give_up), "{{sigabrt, 0}, _}"));
        kit_true(kr_match(end_of(&msg, claim), "{{sigabrt, 0}, _}"));
        kit_true(kr_match(end_of(&msg, trap), "{{sigill, _}, _}"));
        kit_true(kr_match(end_of(&msg, stop_here), "{{sigtrap, 0}, _}"));
        kit_true(kr_match(end_of(&msg, touch_beyond_file), "{{sigbus, _}, _}"));
}

FAULTS(test_a_call_to_nowhere_shows_the_caller)
{
        kr_msg msg = KR_MSG_INIT;
        const char *caller;

        kit_true(kr_match(end_of(&msg, call_null), "{{sigsegv, 0}, [_, {~, _, _} | _]}",
                          &caller));
        kit_str_eq(caller, "call_null");
}

static void raise_oops(void)
{
        kr_error("oops");
}

FAULTS(test_an_error_has_a_trace_that_begins_with_its_caller)
{
        kr_msg msg = KR_MSG_INIT;
        const char *function;

        kit_true(kr_match(end_of(&msg, raise_oops), "{oops, [{~, _, _}]}", &function));
        kit_str_eq(function, "raise_oops");
}

/* -- links, catch, clean-ups -- */

FAULTS(test_a_fault_goes_along_links)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid child;

        kr_trap_exit(true);
        child = kr_spawn_link(write_null);
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(1, "{'EXIT', =, {{sigsegv, 0}, _}}", child)),
                   1);
}

static void fault_in_catch(void *arg)
{
        (*(int *)arg)++;
        write_null();
}

static void overflow_in_catch(void *arg)
{
        (*(int *)arg)++;
        sink_for_ever();
}

FAULTS(test_catch_takes_faults_and_goes_on_where_it_stands)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        volatile int mark = 4711;
        int runs = 0;

        for (int i = 0; i < 50; i++) {
                kit_false(kr_catch(fault_in_catch, &runs, &kind, &reason));
                kit_int_eq(kind, KR_CLASS_ERROR);
                kit_true(kr_match(reason.term, "{{sigsegv, 0}, _}"));
                kit_false(kr_catch(overflow_in_catch, &runs, &kind, &reason));
                kit_true(kr_match(reason.term, "{{stack_overflow, _}, _}"));
        }
        kit_int_eq(runs, 100);
        kit_int_eq(mark, 4711);
}

static kr_pid to_tell;

static void tell(void *arg)
{
        kr_send(to_tell, "{cleaned, ~}", *(int *)arg);
}

static void fault_cleaning(void *arg)
{
        (void)arg;
        write_null();
}

static void fault_with_cleanups(void)
{
        int one = 1, two = 2;

        kit_true(kr_defer(tell, &one));
        kit_true(kr_defer(fault_cleaning, NULL));
        kit_true(kr_defer(tell, &two));
        sink_for_ever();
}

/* What they point to lies on the stack that overflowed. */
FAULTS(test_cleanups_run_after_a_fault_and_one_that_faults_is_passed_over)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        int64_t n;

        to_tell = kr_self();
        kr_spawn_monitor(&ref, fault_with_cleanups);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(1, "{cleaned, ~}", &n)), 1);
        kit_int_eq(n, 2);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(1, "{cleaned, ~}", &n)), 1);
        kit_int_eq(n, 1);
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(1,
                                    "{'DOWN', =, process, _, {{stack_overflow, _}, _}}",
                                    ref)),
                   1);
}

FAULTS(test_ten_thousand_faults_leave_nothing_behind)
{
        kr_msg msg = KR_MSG_INIT;
        kr_node_stats stats;

        for (int i = 0; i < 10000 / kit_slowness(); i++)
                kit_true(kr_match(end_of(&msg, write_null), "{{sigsegv, 0}, _}"));
        kr_node_stats_read(kr_here(), &stats);
        kit_uint_eq(stats.faults, 10000 / kit_slowness());
        kit_int_lt((int64_t)stats.stacks, 200);
}

/* -- killed in foreign code -- */

static void loop_for_ever(void)
{
        volatile int same = 0;

        while (same == 0)
                ;
}

static void nap(void)
{
        sleep(1000);
}

static void end_hog(void (*fn)(void))
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, fn);

        kr_sleep(20);
        kr_exit_signal(pid, "kill");
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(1, "{'DOWN', =, process, _, killed}", ref)),
                   1);
}

/* The harness sees that all memory comes back: the threads have come out of them. */
FAULTS(test_kill_reaches_an_endless_loop)
{
        if (KIT_SIGNALS_WAIT)
                return;
        end_hog(loop_for_ever);
        end_hog(loop_for_ever);
}

FAULTS(test_kill_reaches_a_blocking_call)
{
        end_hog(nap);
        end_hog(nap);
}

/* -- nodes that are driven -- */

static void see_a_fault(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_match(end_of(&msg, write_null), "{{sigsegv, 0}, _}"));
        kit_true(kr_match(end_of(&msg, sink_for_ever), "{{stack_overflow, _}, _}"));
}

KIT_TEST(test_faults_in_a_node_that_the_host_drives)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                         .drive = KR_DRIVE_HOST },
                        see_a_fault);
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                         .drive = KR_DRIVE_SIM },
                        see_a_fault);
}

/* -- the host's handlers -- */

static volatile sig_atomic_t host_saw;

static void host_handler(int signo)
{
        host_saw = signo;
        nowhere = (char *)(uintptr_t)&zero; /* the instruction will succeed now */
        zero = 0;
}

static uintptr_t handler_of(int signo)
{
        struct sigaction action;

        kit_int_eq(sigaction(signo, NULL, &action), 0);
        return (uintptr_t)action.sa_handler;
}

KIT_TEST(test_a_fault_of_the_host_goes_to_the_hosts_handler)
{
        kr_node *node;

        signal(SIGFPE, host_handler);
        node = kit_node_start(
                &(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 1 });
        kit_true(handler_of(SIGFPE) != (uintptr_t)host_handler);
        kit_int_eq(raise(SIGFPE), 0);
        kit_int_eq(host_saw, SIGFPE);
        kit_node_stop(node);
}

KIT_TEST(test_stopping_the_last_node_puts_back_what_was_found)
{
        static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGURG };
        kr_node_opts opts = { .faults = KR_FAULTS_EXIT, .schedulers = 1 };
        uintptr_t before[6];
        kr_node *one, *two;

        for (int i = 0; i < 6; i++)
                before[i] = handler_of(signals[i]);
        kit_ok(kr_node_start(&opts, &one));
        kit_ok(kr_node_start(&opts, &two));
        kit_ok(kr_node_stop(one, 5000));
        for (int i = 0; i < 6; i++)
                kit_true(handler_of(signals[i]) != before[i]);
        kit_ok(kr_node_stop(two, 5000));
        for (int i = 0; i < 6; i++)
                kit_uint_eq(handler_of(signals[i]), before[i]);
}

KIT_TEST(test_without_the_option_no_handler_is_installed)
{
        uintptr_t before = handler_of(SIGSEGV);
        kr_node *node = kit_node_start(&(kr_node_opts){ .schedulers = 1 });

        kit_uint_eq(handler_of(SIGSEGV), before);
        kit_node_stop(node);
}

/* -- the node ends -- */

static char dump_path[64];
static char dump[65536];

/* Run fn in a node of its own, in a child. Gives how the child ended, and fills dump[] with
 * what it wrote. */
static int fate_of_node(void (*fn)(void))
{
        int status, fd;
        ssize_t length;
        pid_t child;

        snprintf(dump_path, sizeof(dump_path), "/tmp/krarup-fault-%d.dump", getpid());
        unlink(dump_path);
        child = fork();
        if (child == 0) {
                struct rlimit none = { 0, 0 };
                kr_node *node;

                setrlimit(RLIMIT_CORE, &none);
                if (kr_node_start(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                                   .name = "dumper@localhost",
                                                   .schedulers = 1,
                                                   .dump_path = dump_path },
                                  &node) != KR_OK)
                        _exit(1);
                kr_node_spawn(node, fn);
                sleep(5);
                _exit(0);
        }
        kit_int_eq(waitpid(child, &status, 0), child);
        fd = open(dump_path, O_RDONLY);
        length = fd >= 0 ? read(fd, dump, sizeof(dump) - 1) : 0;
        dump[length > 0 ? length : 0] = '\0';
        if (fd >= 0)
                close(fd);
        unlink(dump_path);
        return status;
}

/* The sanitizers' own handlers, to which ours passes on, report and exit. */
static void check_died(int status, int signo)
{
        if (WIFSIGNALED(status))
                kit_int_eq(WTERMSIG(status), signo);
        else
                kit_true(kit_slowness() > 1 && WEXITSTATUS(status) != 0);
}

static void kit_says(const char *text)
{
        if (strstr(dump, text) == NULL)
                kit_fail("no \"%s\" in the dump:\n%s", text, dump);
}

static void bystander(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("bystander", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(1, "never"));
}

static void fault_in_critical(void)
{
        kr_pid other = kr_spawn(bystander);

        kr_send(other, "one");
        kr_send(other, "two");
        kr_sleep(20);
        kr_critical_begin();
        write_null();
}

KIT_TEST(test_a_fault_in_a_critical_region_ends_the_node_with_a_dump)
{
        int status = fate_of_node(fault_in_critical);

        check_died(status, SIGSEGV);
        kit_says("signal SEGV at 0x0");
        kit_says("critical region");
        kit_says("write_null+");
        kit_says("dumper@localhost");
        kit_says("bystander");
        kit_says("mailbox 2");
        kit_says("fault_in_critical");
        kit_says("end of dump");
}

static void free_nonsense(void)
{
        void (*volatile give_back)(void *) = free;

        give_back(nowhere + 0x110);
}

KIT_TEST(test_a_fault_in_malloc_ends_the_node)
{
        int status;

        if (kit_slowness() > 1)
                return; /* a sanitizer's malloc */
        status = fate_of_node(free_nonsense);
        check_died(status, SIGSEGV);
        kit_says("malloc is under way");
}

static void print_to_stream(void)
{
        printf("%s", nowhere + 5);
}

KIT_TEST(test_a_fault_under_a_lock_of_stdio_ends_the_node)
{
        int status;

        if (kit_slowness() > 1)
                return; /* a sanitizer looks at the text first */
        status = fate_of_node(print_to_stream);
        check_died(status, SIGSEGV);
        kit_says("may hold a lock");
}

static void send_from_nowhere(void)
{
        static struct kri_site site = { (const char *)0x10, "x", 1, 0, 0, { 0 }, NULL };

        kri_send_pid(kr_self(), &site, NULL);
}

KIT_TEST(test_a_fault_inside_krarup_ends_the_node)
{
        int status = fate_of_node(send_from_nowhere);

        check_died(status, SIGSEGV);
        kit_says("code of Krarup");
}

/* -- core files -- */

static bool cores_are_files_here(void)
{
        char pattern[128] = "";
        FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
        struct rlimit limit;

        if (file == NULL || fgets(pattern, sizeof(pattern), file) == NULL)
                return false;
        fclose(file);
        return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max != 0 &&
               strncmp(pattern, "core", 4) == 0;
}

static int count_cores(const char *dir)
{
        DIR *open_dir = opendir(dir);
        struct dirent *entry;
        int count = 0;

        while ((entry = readdir(open_dir)) != NULL) {
                if (strncmp(entry->d_name, "core", 4) == 0) {
                        count++;
                        kit_int_eq(unlinkat(dirfd(open_dir), entry->d_name, 0), 0);
                }
        }
        closedir(open_dir);
        return count;
}

static void fault_thrice(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 3; i++)
                kit_true(kr_match(end_of(&msg, write_null), "{{sigsegv, 0}, _}"));
}

KIT_TEST(test_the_first_faults_leave_a_core_file_each)
{
        char dir[] = "/tmp/krarup-core-XXXXXX";

        if (!cores_are_files_here() || kit_slowness() > 1)
                return; /* somebody else takes them; with a sanitizer they are huge */
        kit_not_null(mkdtemp(dir));
        kit_int_eq(chdir(dir), 0);
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                         .schedulers = 2,
                                         .core_files = 1 },
                        fault_thrice);
        sleep(1); /* the core is written by an OS process that nobody waits for */
        kit_int_eq(count_cores(dir), 1);
        kit_int_eq(rmdir(dir), 0);
}

KIT_MAIN(KIT_CASE(test_null_write_is_sigsegv_0),
         KIT_CASE(test_the_address_is_in_the_reason),
         KIT_CASE(test_the_trace_names_function_offset_file_and_line),
         KIT_CASE(test_a_leaf_of_libc_is_survivable),
         KIT_CASE(test_deep_in_a_function_of_libc_without_locks_is_survivable),
         KIT_CASE(test_a_callback_of_qsort_is_survivable),
         KIT_CASE(test_stack_overflow_has_a_name_of_its_own),
         KIT_CASE(test_an_overflow_inside_krarup_waits_until_it_is_outside),
         KIT_CASE(test_an_overflow_inside_malloc_waits_until_it_is_outside),
         KIT_CASE(test_each_signal_has_its_name),
         KIT_CASE(test_a_call_to_nowhere_shows_the_caller),
         KIT_CASE(test_an_error_has_a_trace_that_begins_with_its_caller),
         KIT_CASE(test_a_fault_goes_along_links),
         KIT_CASE(test_catch_takes_faults_and_goes_on_where_it_stands),
         KIT_CASE(test_cleanups_run_after_a_fault_and_one_that_faults_is_passed_over),
         KIT_CASE(test_ten_thousand_faults_leave_nothing_behind),
         KIT_CASE(test_kill_reaches_an_endless_loop),
         KIT_CASE(test_kill_reaches_a_blocking_call),
         KIT_CASE(test_faults_in_a_node_that_the_host_drives),
         KIT_CASE(test_a_fault_of_the_host_goes_to_the_hosts_handler),
         KIT_CASE(test_stopping_the_last_node_puts_back_what_was_found),
         KIT_CASE(test_without_the_option_no_handler_is_installed),
         KIT_CASE(test_a_fault_in_a_critical_region_ends_the_node_with_a_dump),
         KIT_CASE(test_a_fault_in_malloc_ends_the_node),
         KIT_CASE(test_a_fault_under_a_lock_of_stdio_ends_the_node),
         KIT_CASE(test_a_fault_inside_krarup_ends_the_node),
         KIT_CASE(test_the_first_faults_leave_a_core_file_each))
