/* SPDX-License-Identifier: Apache-2.0 */
/* file_test.c: files and folders: what is written is read, errors have their names, and nothing
 * is left of a process that ends in the middle. */
#include <krarup.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

static char folder[64];

static const char *path_of(const char *name)
{
        static char path[4][200];
        static int at;

        at = (at + 1) % 4;
        (void)snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
        return path[at];
}

static void make_folder(void)
{
        (void)snprintf(folder, sizeof(folder), "/tmp/kr_file_XXXXXX");
        kit_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
        char command[100];

        (void)snprintf(command, sizeof(command), "rm -r %s", folder);
        kit_int_eq(system(command), 0);
}

static void check_content(const char *name, const char *wanted)
{
        kr_buf buf = KR_BUF_INIT;

        kit_ok(kr_file_read_file(path_of(name), 0, &buf));
        kit_uint_eq(buf.len, strlen(wanted));
        kit_mem_eq(buf.data, wanted, buf.len);
        kr_buf_free(&buf);
}

/* How many descriptors this program has. */
static int descriptors(void)
{
        int count = 0;

        for (int fd = 0; fd < 4096; fd++)
                count += fcntl(fd, F_GETFD) >= 0;
        return count;
}

/* -- reading and writing -- */

KIT_PROCESS_TEST(test_what_is_written_is_read)
{
        char buf[32] = "";
        kr_file file;
        size_t len;

        make_folder();
        kit_ok(kr_file_open(path_of("a"), KR_FILE_WRITE, &file));
        kit_ok(kr_file_write(file, "hello ", 6));
        kit_ok(kr_file_write(file, "world", 5));
        kit_ok(kr_file_sync(file));
        kit_ok(kr_file_datasync(file));
        kit_ok(kr_file_close(file));
        check_content("a", "hello world");
        kit_ok(kr_file_open(path_of("a"), KR_FILE_READ, &file));
        kit_ok(kr_file_read(file, buf, 5, &len));
        kit_uint_eq(len, 5);
        kit_mem_eq(buf, "hello", 5);
        kit_ok(kr_file_read(file, buf, sizeof(buf), &len));
        kit_uint_eq(len, 6);
        kit_ok(kr_file_read(file, buf, sizeof(buf), &len));
        kit_uint_eq(len, 0);
        kit_err(kr_file_write(file, "x", 1), KR_ECLOSED); /* not open for that */
        kit_ok(kr_file_close(file));
        remove_folder();
}

KIT_PROCESS_TEST(test_places_in_a_file)
{
        const unsigned both = KR_FILE_READ | KR_FILE_WRITE;
        kr_file_info info;
        char buf[8] = "";
        kr_file file;
        uint64_t at;
        size_t len;

        make_folder();
        kit_ok(kr_file_open(path_of("a"), both, &file));
        kit_ok(kr_file_write(file, "0123456789", 10));
        kit_ok(kr_file_pwrite(file, 3, "xyz", 3));
        kit_ok(kr_file_pread(file, 2, buf, 5, &len));
        kit_uint_eq(len, 5);
        kit_mem_eq(buf, "2xyz6", 5);
        kit_ok(kr_file_position(file, KR_FILE_FROM_END, -2, &at));
        kit_uint_eq(at, 8);
        kit_ok(kr_file_read(file, buf, sizeof(buf), &len));
        kit_mem_eq(buf, "89", 2);
        kit_err(kr_file_position(file, KR_FILE_FROM_START, -1, &at), KR_EBADARG);
        kit_ok(kr_file_position(file, KR_FILE_FROM_START, 4, NULL));
        kit_ok(kr_file_truncate(file));
        kit_ok(kr_file_stat_open(file, &info));
        kit_uint_eq(info.size, 4);
        kit_ok(kr_file_close(file));
        kit_ok(kr_file_open(path_of("a"), KR_FILE_WRITE | KR_FILE_APPEND, &file));
        kit_ok(kr_file_write(file, "!", 1));
        kit_ok(kr_file_close(file));
        check_content("a", "012x!");
        kit_ok(kr_file_open(path_of("a"), KR_FILE_WRITE | KR_FILE_KEEP, &file));
        kit_ok(kr_file_write(file, "A", 1));
        kit_ok(kr_file_close(file));
        check_content("a", "A12x!");
        kit_err(kr_file_open(path_of("a"), KR_FILE_WRITE | KR_FILE_EXCLUSIVE, &file),
                KR_EEXIST);
        kit_ok(kr_file_open(path_of("a"), KR_FILE_WRITE, &file));
        kit_ok(kr_file_close(file));
        check_content("a", "");
        remove_folder();
}

/* More than is read or written at a time. */
KIT_PROCESS_TEST(test_a_large_file)
{
        const size_t size = 5u << 20;
        unsigned char *data = malloc(size), *back = malloc(size);
        kr_file file;
        size_t len;

        kit_true(data != NULL && back != NULL);
        make_folder();
        for (size_t i = 0; i < size; i++)
                data[i] = (unsigned char)(i * 7 + i / 251);
        kit_ok(kr_file_open(path_of("a"), KR_FILE_READ | KR_FILE_WRITE, &file));
        kit_ok(kr_file_write(file, data, size));
        kit_ok(kr_file_pread(file, 0, back, size, &len));
        kit_uint_eq(len, size);
        kit_mem_eq(back, data, size);
        kit_ok(kr_file_pread(file, size - 10, back, size, &len));
        kit_uint_eq(len, 10);
        kit_ok(kr_file_close(file));
        free(data);
        free(back);
        remove_folder();
}

/* -- by name -- */

KIT_PROCESS_TEST(test_names_and_folders)
{
        kr_file_info info;
        kr_term names;

        make_folder();
        kit_ok(kr_file_make_dir(path_of("d")));
        kit_err(kr_file_make_dir(path_of("d")), KR_EEXIST);
        kit_ok(kr_file_write_file(path_of("d/two"), "22", 2));
        kit_ok(kr_file_write_file(path_of("d/one"), "1", 1));
        kit_ok(kr_file_list_dir(path_of("d"), &names));
        kit_match(names, "[<<\"one\">>, <<\"two\">>]");
        kr_release(names);
        kit_ok(kr_file_stat(path_of("d"), &info));
        kit_int_eq(info.type, KR_FILE_DIRECTORY);
        kit_ok(kr_file_stat(path_of("d/two"), &info));
        kit_int_eq(info.type, KR_FILE_REGULAR);
        kit_uint_eq(info.size, 2);
        kit_true(info.mtime_ns > INT64_C(1600000000) * 1000000000);
        kit_int_eq(symlink("two", path_of("d/link")), 0);
        kit_ok(kr_file_lstat(path_of("d/link"), &info));
        kit_int_eq(info.type, KR_FILE_SYMLINK);
        kit_ok(kr_file_rename(path_of("d/one"), path_of("d/two")));
        check_content("d/two", "1");
        kit_err(kr_file_del_dir(path_of("d")), KR_ENOTEMPTY);
        kit_ok(kr_file_delete(path_of("d/two")));
        kit_ok(kr_file_delete(path_of("d/link")));
        kit_ok(kr_file_list_dir(path_of("d"), &names));
        kit_match(names, "[]");
        kit_ok(kr_file_del_dir(path_of("d")));
        remove_folder();
}

KIT_PROCESS_TEST(test_errors_have_their_names)
{
        kr_buf buf = KR_BUF_INIT;
        kr_file_info info;
        kr_file file;
        kr_term names;

        make_folder();
        kit_err(kr_file_open(path_of("no"), KR_FILE_READ, &file), KR_ENOENT);
        kit_err(kr_file_open(folder, KR_FILE_WRITE, &file), KR_EISDIR);
        kit_err(kr_file_stat(path_of("no"), &info), KR_ENOENT);
        kit_err(kr_file_list_dir(path_of("no"), &names), KR_ENOENT);
        kit_err(kr_file_delete(path_of("no")), KR_ENOENT);
        kit_err(kr_file_rename(path_of("no"), path_of("yes")), KR_ENOENT);
        kit_ok(kr_file_write_file(path_of("a"), "12345", 5));
        kit_err(kr_file_list_dir(path_of("a"), &names), KR_ENOTDIR);
        kit_err(kr_file_write_file(path_of("a/b"), "1", 1), KR_ENOTDIR);
        kit_err(kr_file_read_file(path_of("a"), 4, &buf), KR_ETOOBIG);
        kit_uint_eq(buf.len, 0);
        kit_ok(kr_file_read_file(path_of("a"), 5, &buf));
        kit_uint_eq(buf.len, 5);
        kr_buf_free(&buf);
        remove_folder();
}

/* A file that has no size says its own end. */
KIT_PROCESS_TEST(test_a_file_without_a_size)
{
        kr_buf buf = KR_BUF_INIT;

        kit_ok(kr_file_read_file("/proc/self/maps", 0, &buf));
        kit_true(buf.len > 100);
        kr_buf_free(&buf);
}

KIT_PROCESS_TEST(test_a_file_is_replaced_as_a_whole_and_keeps_its_mode)
{
        kr_file_info info;
        kr_term names;

        make_folder();
        kit_ok(kr_file_write_file(path_of("a"), "old", 3));
        kit_int_eq(chmod(path_of("a"), 0640), 0);
        kit_ok(kr_file_write_file(path_of("a"), "newer", 5));
        check_content("a", "newer");
        kit_ok(kr_file_stat(path_of("a"), &info));
        kit_uint_eq(info.mode, 0640);
        kit_ok(kr_file_list_dir(folder, &names));
        kit_match(names, "[<<\"a\">>]");
        kr_release(names);
        remove_folder();
}

/* Replaced are files: a link leads to one still, and a pipe is a pipe. */
KIT_PROCESS_TEST(test_what_is_no_file_is_written_to_as_a_whole)
{
        kr_file_info info;
        char buf[8];
        int fd;

        make_folder();
        kit_ok(kr_file_write_file(path_of("a"), "old", 3));
        kit_int_eq(symlink("a", path_of("link")), 0);
        kit_ok(kr_file_write_file(path_of("link"), "newer", 5));
        check_content("a", "newer");
        kit_ok(kr_file_lstat(path_of("link"), &info));
        kit_int_eq((int)info.type, KR_FILE_SYMLINK);
        kit_int_eq(symlink("new", path_of("to_new")), 0);
        kit_ok(kr_file_write_file(path_of("to_new"), "made", 4));
        check_content("new", "made");
        kit_ok(kr_file_lstat(path_of("to_new"), &info));
        kit_int_eq((int)info.type, KR_FILE_SYMLINK);
        kit_int_eq(symlink("nowhere/new", path_of("astray")), 0);
        kit_err(kr_file_write_file(path_of("astray"), "lost", 4), KR_ENOENT);
        kit_ok(kr_file_lstat(path_of("astray"), &info));
        kit_int_eq((int)info.type, KR_FILE_SYMLINK);
        kit_int_eq(mkfifo(path_of("pipe"), 0600), 0);
        fd = open(path_of("pipe"), O_RDWR | O_NONBLOCK);
        kit_ok(kr_file_write_file(path_of("pipe"), "piped", 5));
        kit_int_eq(read(fd, buf, sizeof(buf)), 5);
        close(fd);
        kit_ok(kr_file_lstat(path_of("pipe"), &info));
        kit_int_eq((int)info.type, KR_FILE_OTHER);
        remove_folder();
}

/* -- handles -- */

KIT_PROCESS_TEST(test_a_closed_file_is_closed)
{
        char buf[8];
        kr_file file, other;
        size_t len;

        make_folder();
        kit_ok(kr_file_open(path_of("a"), KR_FILE_READ | KR_FILE_WRITE, &file));
        kit_ok(kr_file_close(file));
        kit_err(kr_file_close(file), KR_ECLOSED);
        kit_err(kr_file_read(file, buf, 1, &len), KR_ECLOSED);
        kit_ok(kr_file_open(path_of("a"), KR_FILE_READ | KR_FILE_WRITE, &other));
        kit_err(kr_file_read(file, buf, 1, &len), KR_ECLOSED);
        kit_ok(kr_file_close(other));
        remove_folder();
}

static void misuses(kr_term what)
{
        char buf[8];
        kr_port none = { .num = 0 };
        kr_file file;
        size_t len;

        if (kr_match(what, "path"))
                (void)!kr_file_open(NULL, KR_FILE_READ, &file);
        else if (kr_match(what, "modes"))
                (void)!kr_file_open("a", 0, &file);
        else if (kr_match(what, "file"))
                (void)!kr_file_read(none, buf, 1, &len);
        else
                (void)!kr_file_delete(NULL);
}

static void expect_badarg(const char *what, const char *function, const char *argument)
{
        kr_term arg = kr_atom_term(kri_atom_of(what));
        kr_ref ref;

        (void)kr_spawn_monitor(&ref, misuses, arg);
        kit_expect_down(ref, "{{badarg, {=, =}}, _}", function, argument);
}

KIT_PROCESS_TEST(test_misuse_is_badarg)
{
        expect_badarg("path", "kr_file_open", "path");
        expect_badarg("modes", "kr_file_open", "modes");
        expect_badarg("file", "kr_file_read", "file");
        expect_badarg("delete", "kr_file_delete", "path");
}

/* -- owners -- */

static char *volatile nowhere = NULL;

static void opens_and_ends(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_file file;
        kr_pid to;

        (void)kr_match(arg, "~", &to);
        kit_ok(kr_file_open("/dev/zero", KR_FILE_READ, &file));
        kr_send(to, "{opened, ~}", file);
        if (kr_receive(&msg, KR_INFINITY, kr_on(0, "fault"), kr_on(1, "end")) == 0)
                *nowhere = 1;
        kr_msg_clear(&msg);
}

static void check_end_of_owner(const char *how)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term self = kr_build("~", kr_self());
        char buf[8];
        kr_file file;
        kr_pid pid;
        kr_ref ref;
        size_t len;

        pid = kr_spawn_monitor(&ref, opens_and_ends, self);
        kit_expect(&msg, "{opened, ~}", &file);
        kit_ok(kr_file_read(file, buf, sizeof(buf), &len)); /* anybody may */
        if (strcmp(how, "kill") == 0)
                kr_exit_signal(pid, "kill");
        else
                kr_send(pid, "~", kri_atom_of(how));
        kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
        kit_err(kr_file_read(file, buf, sizeof(buf), &len), KR_ECLOSED);
        kr_release(self);
        kr_msg_clear(&msg);
}

static void owners_end(void)
{
        int before;

        check_end_of_owner("end"); /* all is made that is made once */
        before = descriptors();
        for (int i = 0; i < 20; i++) {
                check_end_of_owner("end");
                check_end_of_owner("kill");
                check_end_of_owner("fault");
        }
        kit_eventually(descriptors() <= before);
}

KIT_TEST(test_a_file_ends_with_its_owner)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        owners_end);
}

/* It waits for a pipe that nobody writes to: a thread is in the middle of that. */
static void reads_for_ever(kr_term path)
{
        char text[200], buf[8];
        kr_file file;
        size_t len;

        (void)kr_get_string(path, text, sizeof(text), &len);
        kit_ok(kr_file_open(text, KR_FILE_READ | KR_FILE_WRITE | KR_FILE_KEEP, &file));
        kr_send("test", "{opened, ~}", file);
        (void)!kr_file_read(file, buf, sizeof(buf), &len);
        kit_fail("nobody wrote anything");
}

KIT_PROCESS_TEST(test_one_that_is_killed_while_it_reads)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term path;
        kr_file file;
        kr_pid pid;
        kr_ref ref;
        int fd;

        make_folder();
        kr_register("test", kr_self());
        kit_int_eq(mkfifo(path_of("pipe"), 0600), 0);
        path = kr_string(path_of("pipe"), strlen(path_of("pipe")));
        pid = kr_spawn_monitor(&ref, reads_for_ever, path);
        kit_expect(&msg, "{opened, ~}", &file);
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        fd = open(path_of("pipe"), O_WRONLY | O_NONBLOCK);
        kit_int_ge(fd, 0);
        kit_int_eq(write(fd, "enough!!", 8), 8); /* the thread comes back */
        close(fd);
        kr_release(path);
        kr_msg_clear(&msg);
        remove_folder();
}

/* -- many -- */

#define WRITERS 50
#define LINES 40

static void writes_lines(kr_term arg)
{
        char line[32];
        kr_file file;
        int64_t number;

        (void)kr_match(arg, "{~, ~}", &file, &number);
        for (int i = 0; i < LINES; i++) {
                (void)snprintf(line, sizeof(line), "%02d:%03d\n", (int)number, i);
                kit_ok(kr_file_write(file, line, strlen(line)));
        }
        kr_send("test", "done");
}

/* All writes to one file, each as a whole, and those of one process in their order. */
KIT_PROCESS_TEST(test_many_write_to_one_file)
{
        kr_msg msg = KR_MSG_INIT;
        int next[WRITERS] = { 0 };
        kr_buf buf = KR_BUF_INIT;
        kr_file file;

        make_folder();
        kr_register("test", kr_self());
        kit_ok(kr_file_open(path_of("a"), KR_FILE_WRITE, &file));
        for (int64_t i = 0; i < WRITERS; i++) {
                kr_term arg = kr_build("{~, ~}", file, i);

                (void)kr_spawn_link(writes_lines, arg);
                kr_release(arg);
        }
        for (int i = 0; i < WRITERS; i++)
                kit_expect(&msg, "done");
        kit_ok(kr_file_close(file));
        kit_ok(kr_file_read_file(path_of("a"), 0, &buf));
        kit_uint_eq(buf.len, WRITERS * LINES * 7);
        for (size_t at = 0; at < buf.len; at += 7) {
                int writer, line;

                kit_int_eq(sscanf(buf.data + at, "%02d:%03d", &writer, &line), 2);
                kit_int_eq(line, next[writer]++);
        }
        kr_buf_free(&buf);
        kr_msg_clear(&msg);
        remove_folder();
}

static _Atomic bool stop_counting;

static void counts(void)
{
        int64_t n = 0;

        while (!stop_counting) {
                n++;
                kr_yield();
        }
        kr_send("test", "{counted, ~}", n);
}

/* One scheduler: others run while a thread reads. */
static void others_run(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term path;
        kr_file file;
        int64_t n;
        kr_pid pid;

        make_folder();
        kr_register("test", kr_self());
        kit_int_eq(mkfifo(path_of("pipe"), 0600), 0);
        path = kr_string(path_of("pipe"), strlen(path_of("pipe")));
        pid = kr_spawn(reads_for_ever, path);
        kit_expect(&msg, "{opened, ~}", &file);
        (void)kr_spawn(counts);
        for (int i = 0; i < 100; i++)
                kr_yield();
        stop_counting = true;
        kit_expect(&msg, "{counted, ~}", &n);
        kit_int_gt(n, 10);
        kr_exit_signal(pid, "kill");
        {
                int fd = open(path_of("pipe"), O_RDWR | O_NONBLOCK);

                kit_int_eq(write(fd, "enough!!", 8), 8);
                close(fd);
        }
        kr_release(path);
        kr_msg_clear(&msg);
        remove_folder();
}

KIT_TEST(test_a_thread_that_reads_keeps_nobody)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 1 }, others_run);
}

KIT_SIM_TEST(test_there_are_no_files_in_a_simulation)
{
        kr_file file;
        kr_term names;

        kit_err(kr_file_open("/dev/null", KR_FILE_READ, &file), KR_ENOTSUP);
        kit_err(kr_file_list_dir("/", &names), KR_ENOTSUP);
}

KIT_TEST(test_a_thread_that_is_no_process_has_no_files)
{
        kr_file file;

        kit_err(kr_file_open("/dev/null", KR_FILE_READ, &file), KR_EBADARG);
        kit_err(kr_file_delete("/no/such/file"), KR_EBADARG);
}

KIT_TEST(test_an_attached_thread_has_files)
{
        kr_node *node = kit_node_start(NULL);
        kr_file_info info;
        kr_file file;
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        kit_ok(kr_file_open("/dev/null", KR_FILE_READ, &file));
        kit_ok(kr_file_stat_open(file, &info));
        kit_int_eq(info.type, KR_FILE_DEVICE);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_what_is_written_is_read), KIT_CASE(test_places_in_a_file),
         KIT_CASE(test_a_large_file), KIT_CASE(test_names_and_folders),
         KIT_CASE(test_errors_have_their_names), KIT_CASE(test_a_file_without_a_size),
         KIT_CASE(test_a_file_is_replaced_as_a_whole_and_keeps_its_mode),
         KIT_CASE(test_what_is_no_file_is_written_to_as_a_whole),
         KIT_CASE(test_a_closed_file_is_closed), KIT_CASE(test_misuse_is_badarg),
         KIT_CASE(test_a_file_ends_with_its_owner),
         KIT_CASE(test_one_that_is_killed_while_it_reads),
         KIT_CASE(test_many_write_to_one_file),
         KIT_CASE(test_a_thread_that_reads_keeps_nobody),
         KIT_CASE(test_there_are_no_files_in_a_simulation),
         KIT_CASE(test_a_thread_that_is_no_process_has_no_files),
         KIT_CASE(test_an_attached_thread_has_files))
