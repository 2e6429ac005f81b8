/* SPDX-License-Identifier: MIT */
/* Schedules: who does what next. */
#include "store/explorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX 64
#define CHOICES_MAX 64
#define STALL_S 120 /* no lease is longer */

enum act {
    ACT_STEP,
    ACT_STEP_PAUSED,
    ACT_RUN,
    ACT_END,
    ACT_FAIL,
    ACT_LOOK,
    ACT_TEND,
    ACT_PUT,
    ACT_LEAVE,
    ACT_DIE,
    ACT_STALL,
    ACT_PASS
};

struct choice {
    enum act act;
    int sender, cut;
};

struct budget {
    int cuts, failures, ends, stalls, passes;
};

/* ---- What may be done now ---- */

struct choices {
    struct choice list[CHOICES_MAX];
    int count;
};

static void offer(struct choices *choices, enum act act, int sender, int cut) {
    if (choices->count < CHOICES_MAX)
        choices->list[choices->count++] = (struct choice){act, sender, cut};
}

static int others_alive(const struct stage *stage, int index) {
    int count = 0;
    for (int i = 0; i < stage->sender_count; i++)
        count += i != index && stage->senders[i].is_alive;
    return count;
}

static void offer_steps(struct choices *choices, const struct sender *sender, const struct budget *budget) {
    if (!sender_has_work(sender) && !sender->is_paused)
        return;
    offer(choices, ACT_STEP, sender->index, STORE_CUT_NOT);
    if (budget->cuts > 0) {
        offer(choices, ACT_STEP, sender->index, STORE_CUT_AFTER);
        offer(choices, ACT_STEP, sender->index, STORE_CUT_BEFORE);
        if (!sender->is_frozen)
            offer(choices, ACT_STEP, sender->index, STORE_CUT_UNDONE);
        offer(choices, ACT_STEP_PAUSED, sender->index, STORE_CUT_NOT);
    }
    offer(choices, ACT_RUN, sender->index, STORE_CUT_NOT);
}

static void offer_all(struct choices *choices, const struct stage *stage, const struct budget *budget) {
    for (int i = 0; i < stage->sender_count; i++) {
        const struct sender *sender = &stage->senders[i];
        if (!sender->is_alive)
            continue;
        offer_steps(choices, sender, budget);
        if (sender_flies(sender)) {
            offer(choices, ACT_END, i, STORE_CUT_NOT);
            if (budget->failures > 0)
                offer(choices, ACT_FAIL, i, STORE_CUT_NOT);
        }
        offer(choices, ACT_LOOK, i, STORE_CUT_NOT);
        offer(choices, ACT_TEND, i, STORE_CUT_NOT);
        if (budget->cuts > 0)
            offer(choices, ACT_TEND, i, STORE_CUT_AFTER);
        if (sender->puts_left)
            offer(choices, ACT_PUT, i, STORE_CUT_NOT);
        if (budget->ends > 0 && others_alive(stage, i)) {
            offer(choices, ACT_LEAVE, i, STORE_CUT_NOT);
            offer(choices, ACT_DIE, i, STORE_CUT_NOT);
        }
        if (budget->stalls > 0 && others_alive(stage, i))
            offer(choices, ACT_STALL, i, STORE_CUT_NOT);
    }
    if (budget->passes > 0)
        offer(choices, ACT_PASS, -1, STORE_CUT_NOT);
}

/* ---- Doing it ---- */

/* Time passes without one sender, until others have all that it owned. */
static void stall(struct stage *stage, const struct sender *stalled) {
    uint64_t left = stalled->state.owned;
    for (int second = 0; second < STALL_S && left; second++) {
        stage->now_us += 1000000;
        int is_tended = 0;
        for (int i = 0; i < stage->sender_count; i++) {
            struct sender *other = &stage->senders[i];
            if (other == stalled || !other->is_alive)
                continue;
            sender_tend(other, STORE_CUT_NOT);
            left &= ~other->state.owned;
            is_tended |= stage->scenario->roles[i] == HD__ROLE_DELIVER;
        }
        if (!is_tended && second > 30)
            return;
    }
}

static void act(struct stage *stage, const struct choice *choice, struct budget *budget) {
    struct sender *sender = choice->sender >= 0 ? &stage->senders[choice->sender] : NULL;
    budget->cuts -= choice->cut != STORE_CUT_NOT || choice->act == ACT_STEP_PAUSED;
    budget->failures -= choice->act == ACT_FAIL;
    budget->ends -= choice->act == ACT_LEAVE || choice->act == ACT_DIE;
    budget->stalls -= choice->act == ACT_STALL;
    budget->passes -= choice->act == ACT_PASS;
    if (sender && sender->is_paused && choice->act != ACT_STALL) {
        sender->is_paused = 0;
        sender_begin(sender); /* what comes of the step before it stood still */
    }
    switch (choice->act) {
    case ACT_STEP:
    case ACT_STEP_PAUSED:
        if (sender_has_work(sender))
            sender_step(sender, choice->cut);
        sender->is_paused = choice->act == ACT_STEP_PAUSED;
        break;
    case ACT_RUN:
        sender_run(sender);
        break;
    case ACT_END:
    case ACT_FAIL:
        sender_end_one(sender, choice->act == ACT_END);
        break;
    case ACT_LOOK:
        sender_look(sender, choice->cut);
        break;
    case ACT_TEND:
        sender_tend(sender, choice->cut);
        break;
    case ACT_PUT:
        sender_put(sender);
        break;
    case ACT_LEAVE:
        sender_leave(sender);
        break;
    case ACT_DIE:
        sender_die(sender);
        break;
    case ACT_STALL:
        stall(stage, sender);
        break;
    case ACT_PASS:
        stage->now_us += stage->pass_us;
        break;
    }
    if (sender && sender->is_alive && !sender->is_paused && choice->act != ACT_STALL)
        sender_begin(sender);
}

/* ---- In words ---- */

static void say(char *out, size_t size, const struct choice *choice) {
    static const char *const acts[] = {[ACT_STEP] = "steps",   [ACT_STEP_PAUSED] = "steps and stands still",
                                       [ACT_RUN] = "runs",     [ACT_END] = "delivers",
                                       [ACT_FAIL] = "fails",   [ACT_LOOK] = "looks",
                                       [ACT_TEND] = "tends",   [ACT_PUT] = "puts",
                                       [ACT_LEAVE] = "leaves", [ACT_DIE] = "dies",
                                       [ACT_STALL] = "stalls", [ACT_PASS] = "time passes"};
    static const char *const cuts[] = {[STORE_CUT_NOT] = "",
                                       [STORE_CUT_BEFORE] = " (cut before)",
                                       [STORE_CUT_AFTER] = " (reply lost)",
                                       [STORE_CUT_UNDONE] = " (undone)"};
    char who[3] = "";
    if (choice->sender >= 0) {
        who[0] = sender_name(choice->sender);
        who[1] = ' ';
    }
    size_t len = strlen(out);
    (void)snprintf(out + len, size - len, "%s%s%s%s", len ? ", " : "", who, acts[choice->act], cuts[choice->cut]);
}

/* ---- Where others have been ---- */

/* A set of numbers, none of which is 0. */
struct places {
    uint64_t *numbers;
    size_t count, size; /* a power of 2 */
};

static int put_number(uint64_t *numbers, size_t size, uint64_t number) {
    size_t at = (size_t)(number >> 7) & (size - 1);
    while (numbers[at] && numbers[at] != number)
        at = (at + 1) & (size - 1);
    int is_new = !numbers[at];
    numbers[at] = number;
    return is_new;
}

static void enlarge(struct places *places) {
    size_t size = places->size ? 2 * places->size : 1024;
    uint64_t *numbers = calloc(size, sizeof *numbers);
    if (!numbers)
        abort();
    for (size_t i = 0; i < places->size; i++)
        if (places->numbers[i])
            (void)put_number(numbers, size, places->numbers[i]);
    free(places->numbers);
    places->numbers = numbers;
    places->size = size;
}

/* Notes a place, at which so much is left to be done. Returns whether nobody has been there. */
static int is_new_place(struct places *places, const struct stage *stage, const struct budget *budget, int left) {
    uint64_t number = stage_digest(stage);
    const int rest[] = {budget->cuts, budget->failures, budget->ends, budget->stalls, budget->passes, left};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        number = (number + (uint64_t)rest[i] + 1) * UINT64_C(0xD6E8FEB86659FD93);
    if (2 * places->count >= places->size)
        enlarge(places);
    int is_new = put_number(places->numbers, places->size, number ? number : 1);
    places->count += (size_t)is_new;
    return is_new;
}

/* ---- One schedule ---- */

struct schedule {
    int at[LENGTH_MAX];    /* which choice is made at each place */
    int of[LENGTH_MAX];    /* out: how many there were */
    int length;            /* out: how many places there are */
    struct places *places; /* where others have been; NULL if that is not to be asked */
    uint64_t random_state; /* choices beyond `given` are made by it; 0: they are the first one */
    int given;
    int known; /* so many places are as they were in the schedule before */
};

static int choose(struct schedule *schedule, int place, int count) {
    if (place >= schedule->given) {
        schedule->random_state = schedule->random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
        schedule->at[place] = (int)((schedule->random_state >> 33) % (unsigned)count);
    }
    schedule->of[place] = count;
    return schedule->at[place];
}

static void play(struct exploration *exploration, struct schedule *schedule) {
    const struct scenario *scenario = exploration->scenario;
    struct budget budget = {scenario->cuts, scenario->failures, scenario->ends, scenario->stalls, scenario->passes};
    struct stage *stage = stage_new(exploration->kind, scenario, exploration->prepare);
    char words[900] = "";
    int is_merged = 0;
    schedule->length = 0;
    while (schedule->length < exploration->length && !*stage->broken && !is_merged) {
        struct choices choices = {.count = 0};
        offer_all(&choices, stage, &budget);
        const struct choice *choice = &choices.list[choose(schedule, schedule->length, choices.count)];
        schedule->length++;
        say(words, sizeof words, choice);
        act(stage, choice, &budget);
        is_merged = schedule->places && schedule->length > schedule->known && !*stage->broken &&
                    !is_new_place(schedule->places, stage, &budget, exploration->length - schedule->length);
    }
    if (!*stage->broken && !is_merged)
        stage_finish(stage);
    if (*stage->broken)
        (void)snprintf(exploration->broken, sizeof exploration->broken, "%s: %s: %s", scenario->name, words,
                       stage->broken);
    exploration->count += !is_merged;
    exploration->merged += (uint64_t)is_merged;
    stage_free(stage);
}

/* ---- Many ---- */

/* The next one: the last place that has another choice takes it. Returns whether there is one. */
static int advance(struct schedule *schedule) {
    for (int place = schedule->length - 1; place >= 0; place--)
        if (schedule->at[place] + 1 < schedule->of[place]) {
            schedule->at[place]++;
            schedule->known = place;
            for (int later = place + 1; later < LENGTH_MAX; later++)
                schedule->at[later] = 0;
            return 1;
        }
    return 0;
}

void explore_all(struct exploration *exploration, uint64_t limit) {
    struct places places = {.count = 0};
    struct schedule schedule = {.given = LENGTH_MAX, .places = exploration->kind->digest ? &places : NULL};
    exploration->count = exploration->merged = 0;
    do
        play(exploration, &schedule);
    while (!*exploration->broken && exploration->count != limit && advance(&schedule));
    free(places.numbers);
}

void explore_some(struct exploration *exploration, uint64_t seed, uint64_t count) {
    exploration->count = exploration->merged = 0;
    for (uint64_t i = 0; i < count && !*exploration->broken; i++) {
        struct schedule schedule = {.random_state = (seed + i) * UINT64_C(0x9E3779B97F4A7C15) + 1};
        play(exploration, &schedule);
    }
}
