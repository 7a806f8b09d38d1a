/* SPDX-License-Identifier: Apache-2.0 */
/* on_load.c: what a module does before it is there. MODE says what. */
#include <krarup.h>

#define OK 1     /* note it */
#define REFUSE 2 /* return something else */
#define CRASH 3  /* fault */
#define SELF 4   /* call itself: it is not there yet */
#define WAIT 5   /* until it is told to go on */

KR_FUNCTION(version)
{
        return kr_build("~", MODE);
}

/* Where nothing is; the compiler is not to know. */
static volatile int *nowhere(void)
{
        uintptr_t at = 8;

        __asm__("" : "+r"(at));
        return (volatile int *)at;
}

static kr_term on_load(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term answer = kr_build("ok");

        switch (MODE) {
        case OK:
                kr_send("listener", "loading");
                break;
        case REFUSE:
                return kr_build("no");
        case CRASH:
                *nowhere() = 1;
                break;
        case SELF:
                kr_release(kr_apply("on_load", "version", "{}"));
                break;
        default:
                kr_send("listener", "{loading, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(0, "~", &answer));
                answer = kr_keep(answer);
                kr_msg_clear(&msg);
        }
        return answer;
}

static void on_unload(void)
{
        if (!kr_pid_is_none(kr_whereis("listener")))
                kr_send("listener", "{unloading, ~}", MODE);
}

static const kr_export exports[] = { KR_EXPORT(version) };

KR_MODULE(on_load, .version = "1", KR_EXPORTS(exports), .on_load = on_load,
          .on_unload = on_unload);
