/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_libc.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "fault_unwind.h"

#define FUNCTIONS_MAX 1024u
#define JUMPS_MAX 3 /* a name that jumps to a function that jumps ... */

/* Each list is one string of names separated by spaces. */

static const char free_names[] =
        /* <string.h>, <strings.h> */
        "memccpy memchr memcmp memcpy memfrob memmem memmove mempcpy memrchr memset rawmemchr "
        "bcmp bcopy bzero explicit_bzero ffs index rindex stpcpy stpncpy strcasecmp "
        "strcasecmp_l strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup "
        "strlen strncasecmp strncasecmp_l strncat strncmp strncpy strndup strnlen strpbrk "
        "strrchr strsep strspn strstr strtok strtok_r strverscmp strxfrm swab basename "
        "__memcpy_chk __memmove_chk __mempcpy_chk __memset_chk __strcpy_chk __strcat_chk "
        "__strncpy_chk __strncat_chk __stpcpy_chk __stpncpy_chk __explicit_bzero_chk "
        "__strdup __strndup __rawmemchr __stpcpy __mempcpy __strtok_r "
        /* <wchar.h> */
        "wcpcpy wcpncpy wcscasecmp wcscat wcschr wcscmp wcscpy wcscspn wcsdup wcslen wcsncat "
        "wcsncmp wcsncpy wcsnlen wcspbrk wcsrchr wcsspn wcsstr wcstok wmemchr wmemcmp wmemcpy "
        "wmemmove wmempcpy wmemset wcstol wcstoul wcstoll wcstoull wcstod mbstowcs wcstombs "
        "mbrtowc wcrtomb mblen mbtowc wctomb "
        /* numbers */
        "strtod strtof strtold strtol strtoll strtoul strtoull atof atoi atol atoll strtoimax "
        "strtoumax strtol_l strtoll_l strtoul_l strtoull_l strtod_l strtof_l strtold_l "
        "__strtol_internal __strtoul_internal __strtod_internal __isoc23_strtol "
        "__isoc23_strtoul __isoc23_strtoll __isoc23_strtoull a64l l64a div ldiv lldiv abs "
        "frexp ldexp modf "
        /* searching, sorting: callbacks of the user's run below these */
        "bsearch qsort qsort_r lfind lsearch tsearch tfind twalk twalk_r insque remque "
        /* text in memory: no stream, so no lock */
        "snprintf sprintf vsnprintf vsprintf sscanf vsscanf __isoc99_sscanf __isoc99_vsscanf "
        "__isoc23_sscanf __isoc23_vsscanf __sprintf_chk __snprintf_chk __vsnprintf_chk "
        "__vsprintf_chk swprintf vswprintf inet_ntop inet_pton inet_aton inet_addr "
        /* time without time zones */
        "time clock clock_gettime clock_getres gettimeofday difftime asctime_r "
        /* jumps; contexts */
        "setjmp _setjmp __sigsetjmp longjmp _longjmp siglongjmp __longjmp_chk getcontext "
        "setcontext swapcontext makecontext "
        /* system calls, blocking ones first: left by a kill */
        "read readv pread pread64 preadv preadv64 write writev pwrite pwrite64 pwritev "
        "pwritev64 recv recvfrom recvmsg recvmmsg send sendto sendmsg sendmmsg accept accept4 "
        "connect poll ppoll select pselect epoll_wait epoll_pwait nanosleep clock_nanosleep "
        "sleep usleep pause sigsuspend sigwait sigwaitinfo sigtimedwait wait waitpid wait3 "
        "wait4 waitid open open64 openat openat64 creat flock lockf fcntl fcntl64 ioctl fsync "
        "fdatasync msync tcdrain mq_receive mq_send mq_timedreceive mq_timedsend msgrcv msgsnd "
        "semop semtimedop sem_wait sem_timedwait syscall sched_yield copy_file_range sendfile "
        "sendfile64 splice tee vmsplice getrandom pthread_mutex_lock __pthread_mutex_lock "
        "pthread_join thrd_join "
        "__read_chk __pread_chk __recv_chk __recvfrom_chk __poll_chk "
        "mmap mmap64 munmap mprotect madvise mlock munlock close dup dup2 lseek lseek64 "
        "ftruncate ftruncate64 stat stat64 fstat fstat64 lstat lstat64 access unlink rename "
        "mkdir rmdir pipe pipe2 socket bind listen getpid getppid getuid kill tgkill "
        "sched_getcpu pthread_self memfd_create eventfd timerfd_create prctl";

static const char abort_names[] =
        "abort raise gsignal pthread_kill __assert_fail __assert_perror_fail __assert "
        "__stack_chk_fail __fortify_fail __chk_fail __fdelt_chk __longjmp_chk "
        "__libc_assert_fail";

static const char malloc_names[] =
        "malloc calloc realloc reallocarray free cfree memalign aligned_alloc posix_memalign "
        "valloc pvalloc malloc_usable_size malloc_trim malloc_info malloc_stats mallinfo "
        "mallinfo2 mallopt __libc_malloc __libc_calloc __libc_realloc __libc_free "
        "__libc_memalign";

struct function {
        uintptr_t start;
        enum kri_libc_kind kind;
        const char *name; /* where it is listed */
};

/* A name of a list, while what stands behind it is added. */
struct listed {
        const char *name;
        enum kri_libc_kind kind;
};

static struct function functions[FUNCTIONS_MAX]; /* sorted; constant after init */
static uint32_t function_count;

static struct {
        uintptr_t low, high;
} ranges[3]; /* libc, the loader, another malloc; constant after init */

static void add(uintptr_t start, const struct listed *listed)
{
        for (uint32_t i = 0; i < function_count; i++)
                if (functions[i].start == start) {
                        /* what two lists name: the stricter holds */
                        if (listed->kind == KRI_LIBC_MALLOC)
                                functions[i].kind = KRI_LIBC_MALLOC;
                        return;
                }
        if (function_count < FUNCTIONS_MAX)
                functions[function_count++] =
                        (struct function){ start, listed->kind, listed->name };
}

static void add_from(const struct kri_object *object, uintptr_t pc,
                     const struct listed *listed, int jumps);

/* Where the instruction at `at` jumps to for good, if it is a jump with a far distance. */
static uintptr_t jump_target(uintptr_t at)
{
#if defined(__x86_64__)
        int32_t distance;

        if (*(const uint8_t *)at != 0xe9)
                return 0;
        memcpy(&distance, (const void *)(at + 1), sizeof(distance));
        return at + 5 + (uintptr_t)(intptr_t)distance;
#else
        uint32_t word = *(const uint32_t *)at;

        if (word >> 26 != 0x05)
                return 0;
        return at + (uintptr_t)((intptr_t)((int32_t)(word << 6) >> 6) * 4);
#endif
}

/* A function that ends in a jump to another has no frame of its own there: the other is
 * then the entry that a trace shows. (On x86-64 bytes are looked at, not instructions; that
 * some constant looks like a jump to the very beginning of a function does not happen.) */
static void add_jumps(const struct kri_object *object, uintptr_t start, uintptr_t end,
                      const struct listed *listed, int jumps)
{
#if defined(__x86_64__)
        const uintptr_t width = 5, step = 1;
#else
        const uintptr_t width = 4, step = 4;
#endif
        for (uintptr_t at = start; jumps > 0 && at + width <= end; at += step) {
                uintptr_t to = jump_target(at), to_start, to_end;

                if (to < object->low || to >= object->high || (to >= start && to < end))
                        continue;
                if (kri_function_find(object, to, &to_start, &to_end) && to_start == to)
                        add_from(object, to, listed, jumps - 1);
        }
}

static void add_from(const struct kri_object *object, uintptr_t pc,
                     const struct listed *listed, int jumps)
{
        uintptr_t start, end;

        if (!kri_function_find(object, pc, &start, &end))
                return;
        add(start, listed);
        add_jumps(object, start, end, listed, jumps);
}

/* The variants of memcpy, memset and their like for one processor are written together and
 * jump into each other: one that has no name of its own brings those that follow. */
static void add_neighbours(const struct kri_object *object, uintptr_t pc,
                           const struct listed *listed)
{
        uintptr_t start, end, other;

        if (!kri_function_find(object, pc, &start, &end))
                return;
        for (int i = 0; i < 2; i++) { /* padding between functions is at most 64 bytes */
                if (!kri_function_find(object, end, &other, &end) &&
                    !kri_function_find(object, (end + 63) & ~(uintptr_t)63, &other, &end))
                        break;
                add(other, listed);
        }
}

static bool shares_tails(const char *name)
{
        return strcmp(name, "memcpy") == 0 || strcmp(name, "memmove") == 0 ||
               strcmp(name, "mempcpy") == 0 || strcmp(name, "memset") == 0;
}

static void add_name(void *library, const char *name, const struct listed *listed)
{
        void *place = dlsym(library, name);
        struct kri_object object;
        Dl_info info;

        if (place == NULL || !kri_object_find((uintptr_t)place, &object))
                return;
        add_from(&object, (uintptr_t)place, listed,
                 listed->kind == KRI_LIBC_MALLOC ? 0 : JUMPS_MAX);
        if (shares_tails(name) && dladdr(place, &info) != 0 && info.dli_saddr != place)
                add_neighbours(&object, (uintptr_t)place, listed);
}

static void add_names(void *library, const char *names, enum kri_libc_kind kind)
{
        char name[64];

        while (*names != '\0') {
                size_t length = strcspn(names, " ");
                struct listed listed = { names, kind };

                if (length > 0 && length < sizeof(name)) {
                        memcpy(name, names, length);
                        name[length] = '\0';
                        add_name(library, name, &listed);
                }
                names += length + (names[length] == ' ');
        }
}

static void set_range(int which, uintptr_t pc)
{
        struct kri_object object;

        if (pc != 0 && kri_object_find(pc, &object)) {
                ranges[which].low = object.low;
                ranges[which].high = object.high;
        }
}

/* A malloc in a library of its own (jemalloc, ...): all of that library may hold locks. Not
 * so the sanitizers' run-time libraries, which wrap strlen and its like as well. */
static void find_other_malloc(void)
{
        void *place = dlsym(RTLD_DEFAULT, "malloc");
        struct kri_object object;

        if (place == NULL || dlsym(RTLD_DEFAULT, "__asan_init") != NULL ||
            dlsym(RTLD_DEFAULT, "__tsan_init") != NULL)
                return;
        if (kri_object_find((uintptr_t)place, &object) && object.path[0] != '\0')
                set_range(2, (uintptr_t)place);
}

static int by_start(const void *a, const void *b)
{
        uintptr_t left = ((const struct function *)a)->start;
        uintptr_t right = ((const struct function *)b)->start;

        return (left > right) - (left < right);
}

static void init(void)
{
        /* libc itself, not what a sanitizer or a preloaded library has put in front */
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

        if (libc != NULL) {
                set_range(0, (uintptr_t)dlsym(libc, "abort"));
                add_names(libc, malloc_names, KRI_LIBC_MALLOC);
                add_names(libc, free_names, KRI_LIBC_FREE);
                add_names(libc, abort_names, KRI_LIBC_ABORTS);
                dlclose(libc);
        }
        set_range(1, (uintptr_t)getauxval(AT_BASE));
        add_names(RTLD_DEFAULT, malloc_names, KRI_LIBC_MALLOC);
        find_other_malloc();
        qsort(functions, function_count, sizeof(functions[0]), by_start);
}

void kri_libc_init(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        (void)pthread_once(&once, init); /* cannot fail */
}

bool kri_libc_holds(uintptr_t pc)
{
        for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
                if (pc >= ranges[i].low && pc < ranges[i].high)
                        return true;
        return false;
}

static const struct function *find(uintptr_t start)
{
        uint32_t low = 0, high = function_count;

        while (low < high) {
                uint32_t middle = (low + high) / 2;

                if (functions[middle].start < start)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < function_count && functions[low].start == start ? &functions[low]
                                                                     : NULL;
}

enum kri_libc_kind kri_libc_kind(uintptr_t start)
{
        const struct function *function = find(start);

        return function != NULL ? function->kind : KRI_LIBC_LOCKS;
}

const char *kri_libc_name(uintptr_t start)
{
        const struct function *function = find(start);

        return function != NULL ? function->name : NULL;
}
