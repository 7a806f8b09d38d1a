/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_waiting.c: loops and waits without end. */
#include "bugs.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

BUG(endless_loop, WAITING, CONTAINED, "loop without end")
{
        while (number(1) != 0)
                ;
}

BUG(endless_loop_signals_blocked, WAITING, CONTAINED | HUNG,
    "loop without end, with all signals blocked")
{
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        while (number(1) != 0)
                ;
}

BUG(endless_list, WAITING, CONTAINED, "walk a list that bites its tail")
{
        struct record one = { .id = 1 };
        struct record *r = hidden(&one);

        one.next = &one;
        while (r != NULL)
                r = ((struct record *)hidden(r))->next;
}

BUG(endless_malloc, WAITING, CONTAINED, "allocate and free without end")
{
        while (number(1) != 0)
                free(hidden(malloc(100)));
}

BUG(endless_system_calls, WAITING, CONTAINED, "call the kernel without end")
{
        while (number(1) != 0)
                sink = getppid();
}

BUG(endless_strlen, WAITING, CONTAINED, "measure texts without end")
{
        char text[2000];

        memset(text, 'x', sizeof(text));
        text[1999] = '\0';
        while (number(1) != 0)
                sink_size = strlen(hidden(text));
}

BUG(sleep_for_ever, WAITING, CONTAINED, "sleep for an hour")
{
        sleep(3600);
}

BUG(read_for_ever, WAITING, CONTAINED, "read from a pipe that nobody writes to")
{
        int ends[2];
        char byte;

        if (pipe(ends) == 0)
                sink = (int)read(ends[0], &byte, 1);
}

BUG(poll_for_ever, WAITING, CONTAINED, "poll without a timeout")
{
        sink = poll(NULL, 0, -1);
}

BUG(select_for_ever, WAITING, CONTAINED, "select without a timeout")
{
        sink = select(0, NULL, NULL, NULL, NULL);
}

BUG(accept_for_ever, WAITING, CONTAINED, "accept when nobody connects")
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (listen(fd, 1) == 0)
                sink = accept(fd, NULL, NULL);
}

BUG(pause_for_ever, WAITING, CONTAINED, "pause")
{
        pause();
}

BUG(futex_for_ever, WAITING, CONTAINED, "wait on a futex that nobody wakes")
{
        int word = 0;

        syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

BUG(deadlock, WAITING, CONTAINED, "lock a mutex twice")
{
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
}

BUG(semaphore_for_ever, WAITING, CONTAINED, "wait for a semaphore that nobody posts")
{
        sem_t semaphore;

        sem_init(&semaphore, 0, 0);
        sem_wait(&semaphore);
}

BUG(condition_for_ever, WAITING, CONTAINED, "wait for a condition that nobody signals")
{
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

        pthread_mutex_lock(&mutex);
        pthread_cond_wait(&condition, &mutex);
}

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;

BUG(fault_with_mutex, WAITING, CONTAINED, "fault while holding a mutex: it stays locked")
{
        pthread_mutex_lock(&shared);
        POKE(0);
}
