/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h: what goes over the control socket: one letter, and bytes.
 *
 * A connection asks for status or a stop and is done, or it is a shell: EVAL and COMPLETE in any
 * number, one EVAL at a time; INTERRUPT at any time; closing it ends the shell.
 */
#ifndef KR_CLI_PROTOCOL_H
#define KR_CLI_PROTOCOL_H

enum kri_frame {
        /* -- to the node -- */
        KRI_TO_STATUS = 'S',
        KRI_TO_STOP = 'Q',
        KRI_TO_SHELL = 'H',     /* begin one; the text is "colours" or empty */
        KRI_TO_EVAL = 'E',      /* an expression with its full stop */
        KRI_TO_COMPLETE = 'C',  /* what stands before the cursor */
        KRI_TO_INTERRUPT = 'I', /* end what is being evaluated */

        /* -- from it -- */
        KRI_FROM_STATUS = 's', /* an Erlang map */
        KRI_FROM_STOP = 'q',   /* it has begun to stop */
        KRI_FROM_OUTPUT = 'o', /* text, as it comes */
        KRI_FROM_VALUE = 'v',  /* the value, as text */
        KRI_FROM_ERROR = 'x',  /* an exception or complaint, as text */
        KRI_FROM_PROMPT = 'p', /* the number of the next expression: it is waited for */
        KRI_FROM_WORDS = 'c',  /* see kri_complete */
};

#endif
