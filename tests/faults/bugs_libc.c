/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_libc.c: wrong uses of libc. */
#include "bugs.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <wchar.h>

BUG(strlen_null, LIBC, CONTAINED, "strlen(NULL)")
{
        sink_size = strlen(hidden(NULL));
}

BUG(strcpy_null, LIBC, CONTAINED, "strcpy to NULL")
{
        strcpy(hidden(NULL), "text");
}

BUG(strcmp_wild, LIBC, CONTAINED, "strcmp with a wild pointer")
{
        sink = strcmp("text", hidden((void *)(uintptr_t)0x9990));
}

BUG(strdup_null, LIBC, CONTAINED, "strdup(NULL)")
{
        const char *copy = strdup(hidden(NULL));

        sink = copy == NULL ? 0 : copy[0]; /* looked at, or clang leaves the call out */
}

BUG(memcpy_wild, LIBC, CONTAINED, "memcpy from a wild pointer")
{
        char to[4000];

        memcpy(to, hidden((void *)(uintptr_t)0x77770), number(sizeof(to)));
        sink = to[9];
}

BUG(memset_huge, LIBC, ANY_END | CORRUPTED | HUNG,
    "memset with a length that wrapped around, in all the memory behind")
{
        static char bytes[100];

        memset(hidden(bytes), 0, number((size_t)-4096) >> 1);
}

BUG(unterminated, LIBC, CONTAINED,
    "strlen of a text without end, up to the end of its page")
{
        char *pages = map_pages(2, PROT_READ | PROT_WRITE);

        mprotect(pages + 4096, 4096, PROT_NONE);
        memset(pages, 'x', 4096);
        sink_size = strlen(hidden(pages));
}

BUG(wcslen_wild, LIBC, CONTAINED, "wcslen of a wild pointer")
{
        sink_size = wcslen(hidden((void *)(uintptr_t)0x8888));
}

BUG(atoi_null, LIBC, CONTAINED, "atoi(NULL)")
{
        sink = atoi(hidden(NULL));
}

BUG(strtod_wild, LIBC, CONTAINED, "strtod of a wild pointer")
{
        sink = strtod(hidden((void *)(uintptr_t)0x8888), NULL) > 0;
}

BUG(sscanf_wild_result, LIBC, CONTAINED, "sscanf into a wild pointer")
{
        sink = sscanf("17", "%d", (int *)hidden((void *)(uintptr_t)0x8888));
}

BUG(snprintf_bad_string, LIBC, CONTAINED, "snprintf of %s with a wild pointer")
{
        char text[40];

        sink = snprintf(text, sizeof(text), "%s",
                        (char *)hidden((void *)(uintptr_t)0x8888));
}

BUG(sprintf_null_buffer, LIBC, CONTAINED, "sprintf into NULL")
{
        sprintf(hidden(NULL), "%d", (int)number(17));
}

BUG(printf_bad_string, LIBC, DUMPED, "printf of %s with a wild pointer: stdout is locked")
{
        printf("%s", (char *)hidden((void *)(uintptr_t)0x8888));
}

BUG(fprintf_null, LIBC, CONTAINED | DUMPED, "fprintf(NULL)")
{
        fprintf(hidden(NULL), "%d", (int)number(17));
}

BUG(fclose_twice, LIBC, DUMPED | UNNOTICED | CONTAINED, "fclose a file twice")
{
        FILE *file = fopen("/dev/null", "r");

        fclose(file);
        fclose(hidden(file));
}

BUG(fputs_freed_file, LIBC, ANY_END | HUNG, "write to a file after fclose")
{
        FILE *file = fopen("/dev/null", "w");

        fclose(file);
        for (int i = 0; i < 10000; i++)
                fputs("some text", hidden(file));
}

static int fault_in_compare(const void *a, const void *b)
{
        (void)a;
        (void)b;
        POKE(0);
        return 0;
}

BUG(qsort_callback, LIBC, CONTAINED, "fault in qsort's comparison")
{
        int numbers[] = { 5, 4, 3, 2, 1 };

        qsort(numbers, 5, sizeof(numbers[0]), fault_in_compare);
        sink = numbers[0];
}

BUG(qsort_callback_large, LIBC, CONTAINED,
    "fault in qsort's comparison, with memory borrowed")
{
        int *numbers = calloc(5000, sizeof(*numbers));

        qsort(numbers, 5000, sizeof(numbers[0]), fault_in_compare);
}

BUG(qsort_null_compare, LIBC, CONTAINED, "qsort without a comparison")
{
        int numbers[] = { 5, 4, 3, 2, 1 };

        qsort(numbers, 5, sizeof(numbers[0]),
              (int (*)(const void *, const void *))hidden(NULL));
        sink = numbers[0];
}

BUG(bsearch_wild, LIBC, CONTAINED, "bsearch in a wild array")
{
        int key = 5;

        sink = bsearch(&key, hidden((void *)(uintptr_t)0x10000), 100, 4,
                       fault_in_compare) != NULL;
}

BUG(localtime_wild, LIBC, DUMPED | CONTAINED,
    "localtime of a wild pointer: the time zone is locked")
{
        sink = localtime(hidden((void *)(uintptr_t)0x8888)) != NULL;
}

BUG(mutex_null, LIBC, CONTAINED, "lock a mutex at NULL")
{
        sink = pthread_mutex_lock(hidden(NULL));
}

BUG(abort_called, LIBC, CONTAINED, "abort")
{
        abort();
}

BUG(assert_fails, LIBC, CONTAINED, "an assertion that does not hold")
{
        assert(number(0) != 0);
}

BUG(raise_segv, LIBC, CONTAINED, "raise(SIGSEGV)")
{
        raise(SIGSEGV);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fault_once(void)
{
        POKE(0);
}

BUG(once_faults, LIBC, DUMPED,
    "fault in a function of pthread_once: others would wait for ever")
{
        pthread_once(&once, fault_once);
}
