/* SPDX-License-Identifier: Apache-2.0 */
/* load_test.c: modules are loaded, replaced, deleted and purged; the path. */
#include "kit_code.h"

#include <stdlib.h>
#include <unistd.h>

/* covers: code_SUITE:load_abs code_SUITE:is_loaded code_SUITE:all_loaded */
KIT_EVERYWHERE_TEST(test_a_module_is_loaded_and_called)
{
        kr_msg msg = KR_MSG_INIT;

        kit_false(kr_code_is_loaded("counter", &msg));
        kit_ok(kr_code_load(module_file("counter_1"), &msg));
        kit_true(kr_match(msg.term, "{module, counter}"));
        kit_int_eq(call_int("counter", "version"), 1);
        kit_true(kr_code_is_loaded("counter", &msg));
        kit_true(kr_match(msg.term, "=", module_file("counter_1")));
        kr_code_all_loaded(&msg);
        kit_true(kr_match(msg.term, "[{counter, =}]", module_file("counter_1")));
        kit_false(kr_code_check_old("counter"));
        kit_true(is_mapped("/counter-"));
        kr_msg_clear(&msg);
}

/* covers: code_SUITE:load_file */
KIT_PROCESS_TEST(test_files_that_are_none_are_refused)
{
        char path[] = "/tmp/krarup-test-XXXXXX";
        kr_msg msg = KR_MSG_INIT;
        int fd = mkstemp(path);

        kit_int_ge(fd, 0);
        expect_refused("not_there", "nofile", "No such file");
        kit_err(kr_code_load("/tmp", &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{nofile, _}"));
        kit_err(kr_code_load(path, &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{badfile, _}"));
        kit_int_eq(write(fd, "hello", 5), 5);
        kit_err(kr_code_load(path, &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{badfile, _}"));
        kit_int_eq(unlink(path), 0);
        kit_err(kr_code_load_file("nobody_has_it", &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{nofile, _}"));
        close(fd);
        kr_msg_clear(&msg);
}

KR_FUNCTION(version)
{
        return kr_build("0");
}
static const kr_export exports[] = { KR_EXPORT(version) };
KR_MODULE(counter, KR_EXPORTS(exports));

/* covers: code_SUITE:load_file */
KIT_PROCESS_TEST(test_a_module_of_the_program_is_not_replaced)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_module_add(kr_here(), &counter_module));
        expect_refused("counter_1", "sticky_directory", "counter");
        kit_false(kr_code_delete("counter"));
        kit_int_eq(call_int("counter", "version"), 0);
        kr_code_which("counter", &msg);
        kit_true(kr_match(msg.term, "preloaded"));
        kit_true(kr_code_is_loaded("counter", &msg));
        kit_true(kr_match(msg.term, "preloaded"));
        kr_msg_clear(&msg);
}

/* covers: L176 L178 emulator_code_SUITE:versions emulator_code_SUITE:t_check_old_code */
KIT_EVERYWHERE_TEST(test_there_are_two_versions_at_most)
{
        load("counter_1");
        kit_false(kr_code_check_old("counter"));
        load("counter_2");
        kit_true(kr_code_check_old("counter"));
        kit_int_eq(call_int("counter", "version"), 2);
        expect_refused("counter_3", "not_purged", "purge it first");
        kit_int_eq(call_int("counter", "version"), 2);
        kit_true(kr_code_soft_purge("counter", NULL));
        kit_false(kr_code_check_old("counter"));
        load("counter_3");
        kit_int_eq(call_int("counter", "version"), 3);
}

/* covers: code_SUITE:delete L176 */
KIT_EVERYWHERE_TEST(test_a_deleted_module_is_old)
{
        load("counter_1");
        kit_true(kr_code_delete("counter"));
        kit_true(kr_code_check_old("counter"));
        kit_false(kr_code_is_loaded("counter", NULL));
        kit_false(kr_function_exported("counter", "version", 0));
        kit_false(kr_code_delete("counter")); /* there is none */
        load("counter_2"); /* there is no current one that would have to become old */
        expect_refused("counter_3", "not_purged", "counter");
}

/* covers: L175 L177 code_SUITE:purge */
KIT_EVERYWHERE_TEST(test_purge_kills_who_is_in_old_code)
{
        kr_pid moves, stays;
        kr_ref ref;

        load("counter_1");
        moves = call_start("start", 5);
        stays = call_start("start_local", 7);
        load("counter_2");
        kr_send(moves, "tick"); /* handled by 1, which then goes on as 2 */
        kit_int_eq(version_of(moves, NULL), 2);
        kit_int_eq(version_of(stays, NULL), 1);
        ref = watch(stays);
        kit_true(kr_code_purge("counter", NULL));
        expect_killed(ref);
        kit_false(kr_code_check_old("counter"));
        kit_false(kr_code_purge("counter", NULL)); /* there is none */
        kit_true(kr_is_process_alive(moves));
        kit_int_eq(version_of(moves, NULL), 2);
}

/* covers: L175 L178 code_SUITE:soft_purge */
KIT_EVERYWHERE_TEST(test_soft_purge_names_who_holds_the_old_code)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term where;
        kr_pid stays, who;

        load("counter_1");
        stays = call_start("start_local", 7);
        load("counter_2");
        kit_false(kr_code_soft_purge("counter", &msg));
        kit_true(kr_match(msg.term, "[{~, ~}]", &who, &where));
        kit_true(kr_pid_eq(who, stays));
        kit_true(kr_is_cons(where));
        kit_true(kr_is_process_alive(stays));
        kit_true(kr_code_check_old("counter"));
        kr_send(stays, "stop");
        kit_int_eq(strlen(end_of(watch(stays))), 6); /* normal, or noproc */
        kit_true(kr_code_soft_purge("counter", &msg));
        kit_true(kr_is_nil(msg.term));
        kr_msg_clear(&msg);
}

/* covers: emulator_code_SUITE:multi_proc_purge code_SUITE:purge_many_exits */
KIT_PROCESS_TEST(test_purge_kills_many_and_nobody_else)
{
        enum { MANY = 500 };
        static kr_pid old[MANY], new[MANY];
        static kr_ref refs[MANY];
        kr_msg msg = KR_MSG_INIT;
        size_t told;

        load("counter_1");
        for (int i = 0; i < MANY; i++) {
                old[i] = call_start("start_local", i);
                new[i] = call_start("start", i);
                refs[i] = watch(old[i]);
        }
        load("counter_2");
        for (int i = 0; i < MANY; i++)
                kr_send(new[i], "tick");
        for (int i = 0; i < MANY; i++)
                kit_int_eq(version_of(new[i], NULL), 2);
        for (int i = 0; i < MANY; i += 10)
                kr_exit_signal(old[i], "kill"); /* some end meanwhile */
        kit_true(kr_code_purge("counter", &msg));
        kit_true(kr_length(msg.term, &told));
        kit_int_eq(told, 100); /* that are told of */
        for (int i = 0; i < MANY; i++) {
                kit_str_eq(end_of(refs[i]), "killed");
                kit_int_eq(version_of(new[i], NULL), 2);
        }
        kr_msg_clear(&msg);
}

/* covers: emulator_code_SUITE:external_fun emulator_code_SUITE:fun_confusion L178 */
KIT_EVERYWHERE_TEST(test_a_call_by_name_enters_the_newest_version)
{
        kr_pid pid;
        int64_t value;

        load("counter_1");
        pid = call_start("start", 40);
        kit_int_eq(call_int("counter", "version"), 1);
        load("counter_2");
        kit_int_eq(call_int("counter", "version"), 2);
        kr_send(pid, "tick"); /* it waits in version 1, which handles this */
        kr_send(pid, "tick");
        kit_int_eq(version_of(pid, &value), 2);
        kit_int_eq(value, 42);
}

/* covers: emulator_code_SUITE:constant_pools */
KIT_EVERYWHERE_TEST(test_terms_of_a_purged_module_survive)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term list, big, got;
        kr_bytes bytes;

        load("counter_1");
        list = kr_apply("counter", "literal", "{}");
        big = kr_apply("counter", "big", "{}");
        kr_send(kr_self(), "{~, ~}", list, big);
        kit_true(kr_code_delete("counter"));
        kit_true(kr_code_soft_purge("counter", NULL));
        kit_false(is_mapped("/counter-"));
        kit_true(kr_match(list, "\"from the module\""));
        kit_true(kr_get_bytes(big, &bytes));
        kit_str_eq((const char *)bytes.data, "from the module");
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{\"from the module\", ~}", &got));
        kit_true(kr_same(got, big));
        kr_msg_clear(&msg);
        kr_release(list);
        kr_release(big);
}

/* covers: emulator_code_SUITE:false_dependency */
KIT_EVERYWHERE_TEST(test_who_was_in_old_code_once_does_not_hold_it)
{
        load("counter_1");
        for (int i = 0; i < 50; i++)
                kit_int_eq(call_int("counter", "version"), 1);
        load("counter_2");
        kit_true(kr_code_soft_purge("counter", NULL)); /* though our stack has seen it */
        kit_false(kr_code_check_process(kr_self(), "counter", NULL));
}

/* covers: code_SUITE:upgrade */
KIT_PROCESS_TEST(test_a_hundred_versions_leave_nothing_behind)
{
        static const char *const names[] = { "counter_1", "counter_2", "counter_3" };
        kr_pid pid;
        int64_t value;

        load("counter_1");
        pid = call_start("start", 0);
        for (int i = 1; i <= 100; i++) {
                load(names[i % 3]);
                kr_send(pid, "tick");
                kit_int_eq(version_of(pid, &value), i % 3 + 1);
                kit_int_eq(value, i);
                kit_true(kr_code_soft_purge("counter", NULL));
        }
        kit_true(kr_is_process_alive(pid));
        kr_send(pid, "stop");
        kit_true(kr_code_delete("counter"));
        (void)end_of(watch(pid));
        kit_true(kr_code_soft_purge("counter", NULL));
        kit_false(is_mapped("/counter-"));
}

static void read_all(const char *file, char **ret, size_t *ret_len)
{
        FILE *in = fopen(file, "rb");

        kit_not_null(in);
        *ret = kr_alloc(1 << 20);
        *ret_len = fread(*ret, 1, 1 << 20, in);
        fclose(in);
}

/* covers: code_SUITE:load_binary */
KIT_EVERYWHERE_TEST(test_a_module_is_loaded_from_memory)
{
        kr_msg msg = KR_MSG_INIT;
        char *bytes;
        size_t len;

        read_all(module_file("counter_3"), &bytes, &len);
        kit_ok(kr_code_load_binary("counter", "somewhere.so", bytes, len, &msg));
        kit_true(kr_match(msg.term, "{module, counter}"));
        kit_int_eq(call_int("counter", "version"), 3);
        kr_code_which("counter", &msg);
        kit_true(kr_match(msg.term, "<<\"somewhere.so\">>"));
        kit_err(kr_code_load_binary("other", "x", bytes, len, &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{wrong_name, _}"));
        kit_err(kr_code_load_binary("counter", "x", bytes, len / 2, &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{badfile, _}"));
        kr_msg_clear(&msg);
        kr_free(bytes);
}

static void copy_file(const char *from, const char *to)
{
        char *bytes;
        size_t len;
        FILE *out;

        read_all(from, &bytes, &len);
        (void)remove(to);
        out = fopen(to, "wb");
        kit_not_null(out);
        kit_uint_eq(fwrite(bytes, 1, len, out), len);
        kit_int_eq(fclose(out), 0);
        kr_free(bytes);
}

/* A folder with counter.so, version n, in it. */
static char folder[] = "/tmp/krarup-path-XXXXXX", file[64];

static void make_folder(void)
{
        kit_not_null(mkdtemp(folder));
        snprintf(file, sizeof(file), "%s/counter.so", folder);
        copy_file(module_file("counter_1"), file);
}

static void remove_folder(void)
{
        (void)remove(file);
        kit_int_eq(rmdir(folder), 0);
}

/* covers: code_SUITE:ensure_loaded code_SUITE:module_status code_SUITE:pa_pz_option code_SUITE:load_file */
KIT_PROCESS_TEST(test_a_module_is_found_in_the_path)
{
        kr_msg msg = KR_MSG_INIT;

        make_folder();
        kit_false(kr_code_add_path("/nowhere/at/all", true));
        kr_code_which("counter", &msg);
        kit_true(kr_match(msg.term, "non_existing"));
        kit_true(kr_code_add_path(folder, true));
        kr_code_get_path(&msg);
        kit_true(kr_match(msg.term, "[=, <<\".\">>]", (const char *)folder));
        kr_code_which("counter", &msg);
        kit_true(kr_match(msg.term, "=", (const char *)file));
        kit_int_eq(kr_code_module_status("counter"), KR_CODE_NOT_LOADED);
        kit_int_eq(call_int("counter", "version"), 1); /* loaded by the call */
        kit_int_eq(kr_code_module_status("counter"), KR_CODE_LOADED);
        copy_file(module_file("counter_2"), file);
        kit_int_eq(kr_code_module_status("counter"), KR_CODE_MODIFIED);
        kit_ok(kr_code_ensure_loaded("counter", NULL));
        kit_int_eq(call_int("counter", "version"), 1);
        kit_ok(kr_code_load_file("counter", NULL));
        kit_int_eq(call_int("counter", "version"), 2);
        (void)remove(file);
        kit_int_eq(kr_code_module_status("counter"), KR_CODE_REMOVED);
        kit_true(kr_code_del_path(folder));
        kit_false(kr_code_del_path(folder));
        kit_true(kr_code_add_path(folder, false));
        kr_code_get_path(&msg);
        kit_true(kr_match(msg.term, "[<<\".\">>, =]", (const char *)folder));
        kit_true(kr_code_set_path("/tmp:/"));
        kit_false(kr_code_set_path("/tmp:/nowhere/at/all"));
        kr_code_get_path(&msg);
        kit_true(kr_match(msg.term, "[<<\"/tmp\">>, <<\"/\">>]"));
        kr_msg_clear(&msg);
        remove_folder();
}

KIT_PROCESS_TEST(test_a_file_with_another_name_is_not_the_module)
{
        kr_msg msg = KR_MSG_INIT;
        char wrong[80];

        make_folder();
        snprintf(wrong, sizeof(wrong), "%s/clock.so", folder);
        copy_file(module_file("counter_1"), wrong);
        kit_true(kr_code_add_path(folder, true));
        kit_err(kr_code_load_file("clock", &msg), KR_EFAILED);
        kit_true(kr_match(msg.term, "{wrong_name, _}"));
        kr_msg_clear(&msg);
        (void)remove(wrong);
        remove_folder();
}

/* The file may be replaced while it is loaded: what runs is a copy. */
KIT_PROCESS_TEST(test_a_file_is_replaced_under_the_same_name)
{
        make_folder();
        kit_ok(kr_code_load(file, NULL));
        kit_int_eq(call_int("counter", "version"), 1);
        copy_file(module_file("counter_2"), file);
        kit_ok(kr_code_load(file, NULL));
        kit_int_eq(call_int("counter", "version"), 2);
        remove_folder();
}

KIT_PROCESS_TEST(test_what_a_version_says_of_itself)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term id, other;

        load("counter_1");
        load("counter_2");
        kit_true(kr_module_info("counter", false, &msg));
        kit_true(kr_match(
                msg.term,
                "#{version => <<\"2\">>, static => false, behaviours => [server], "
                "statics => [], static_bytes => 0, build_id => ~}",
                &id));
        other = kr_keep(id);
        kit_true(kr_module_info("counter", true, &msg));
        kit_true(kr_match(msg.term, "#{version => <<\"1\">>, build_id => ~}", &id));
        kit_false(kr_same(id, other));
        kr_msg_clear(&msg);
        kr_release(other);
}

/* A trace says where in which build it was, for when the module is gone. */
KIT_TEST(test_a_trace_survives_the_module)
{
        kr_node *node = kit_node_start(
                &(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 1 });
        kr_msg msg = KR_MSG_INIT, info = KR_MSG_INIT;
        kr_term where, id, wanted, module, version;
        kr_pid self;
        kr_ref ref;
        int64_t at;

        kit_ok(kr_thread_attach(node, &self));
        load("counter_1");
        kit_true(kr_module_info("counter", false, &info));
        kit_true(kr_match(info.term, "#{build_id => ~}", &wanted));
        kr_spawn_apply((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                       "counter", "crash", "{}");
        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, _, {{sigsegv, 8}, [{_, _, ~} | _]}}",
                         ref, &where));
        for (; kr_is_cons(where); where = kr_tl(where))
                if (kr_match(where, "[{module, ~}, {version, ~}, {build_id, ~}, {at, ~}]",
                             &module, &version, &id, &at))
                        break;
        kit_true(kr_is_cons(where));
        kit_true(kr_match(module, "counter"));
        kit_true(kr_match(version, "<<\"1\">>"));
        kit_true(kr_same(id, wanted));
        kit_int_gt(at, 0);
        kr_msg_clear(&msg);
        kr_msg_clear(&info);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_TEST(test_a_node_has_its_own_copy)
{
        kr_node *a, *b = kit_node_start(NULL);
        kr_pid self;

        kit_ok(kr_node_start(NULL, &a));
        kit_ok(kr_code_start(a, NULL));
        kit_err(kr_code_start(a, NULL), KR_EALREADY);
        kit_ok(kr_thread_attach(a, &self));
        load("counter_1");
        kr_thread_detach();
        kit_ok(kr_thread_attach(b, &self));
        load("counter_2");
        kit_int_eq(call_int("counter", "version"), 2);
        kr_thread_detach();
        kit_ok(kr_thread_attach(a, &self));
        kit_int_eq(call_int("counter", "version"), 1);
        kr_thread_detach();
        kit_ok(kr_node_stop(a, 5000));
        kit_node_stop(b);
        kit_false(is_mapped("/counter-"));
}

static void load_and_purge(void)
{
        load("counter_1");
        load("counter_2");
        kit_int_eq(call_int("counter", "version"), 2);
        kit_true(kr_code_soft_purge("counter", NULL));
}

/* The host's thread drives, and is not held up by files. */
KIT_TEST(test_a_host_drives)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, load_and_purge);
}

KIT_TEST(test_options_are_looked_at)
{
        kr_node *node = kit_node_start(NULL);
        kr_pid self;

        kit_err(kr_code_start(NULL, NULL), KR_EBADARG);
        kit_err(kr_code_start(node, &(kr_code_opts){ .directory = "/nowhere/at/all" }),
                KR_EOS);
        kit_err(kr_code_start(node, &(kr_code_opts){ .directory = "/tmp" }), KR_EOS);
        make_folder();
        kit_ok(kr_code_start(node, &(kr_code_opts){ .path = folder, .embedded = true }));
        kit_ok(kr_thread_attach(node, &self));
        kit_true(kr_is_none(kr_apply("counter", "version", "{}"))); /* it is not loaded */
        kit_ok(kr_code_ensure_loaded("counter", NULL));
        kit_int_eq(call_int("counter", "version"), 1);
        kr_thread_detach();
        kit_node_stop(node);
        remove_folder();
}

KIT_MAIN(KIT_CASE(test_a_module_is_loaded_and_called),
         KIT_CASE(test_files_that_are_none_are_refused),
         KIT_CASE(test_a_module_of_the_program_is_not_replaced),
         KIT_CASE(test_there_are_two_versions_at_most),
         KIT_CASE(test_a_deleted_module_is_old),
         KIT_CASE(test_purge_kills_who_is_in_old_code),
         KIT_CASE(test_soft_purge_names_who_holds_the_old_code),
         KIT_SLOW(test_purge_kills_many_and_nobody_else, 60),
         KIT_CASE(test_a_call_by_name_enters_the_newest_version),
         KIT_CASE(test_terms_of_a_purged_module_survive),
         KIT_CASE(test_who_was_in_old_code_once_does_not_hold_it),
         KIT_SLOW(test_a_hundred_versions_leave_nothing_behind, 60),
         KIT_CASE(test_a_module_is_loaded_from_memory),
         KIT_CASE(test_a_module_is_found_in_the_path),
         KIT_CASE(test_a_file_with_another_name_is_not_the_module),
         KIT_CASE(test_a_file_is_replaced_under_the_same_name),
         KIT_CASE(test_what_a_version_says_of_itself),
         KIT_CASE(test_a_trace_survives_the_module),
         KIT_CASE(test_a_node_has_its_own_copy), KIT_CASE(test_a_host_drives),
         KIT_CASE(test_options_are_looked_at))
