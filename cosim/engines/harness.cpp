// Runs the Verilated accelerator for Python: one call a stretch of cycles, a packed record a cycle, toggles counted.
//
// record_fields.h, generated, lists the fields of the record: FIELD(port, first word, words). record_selector.h defines
// RSNN_SELECTOR where the module has the number of a mutant among its inputs.
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vrsnn_record.h"
#include "record_selector.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace {

constexpr int kWords =
#include "record_words.h"
    ;
// Bits of a stimulus.
constexpr int kCodeValid = 1, kStart = 2, kFirst = 4, kLogitsReady = 8, kReset = 16;
// Planes of the counters of a bit: they count to 2^kPlanes - 1 and are emptied before they are full.
constexpr int kPlanes = 12;

void copy(uint64_t* to, const QData& from) { *to = from; }
template <std::size_t N>
void copy(uint64_t* to, const VlWide<N>& from) {
    std::memcpy(to, from.data(), 4 * N);
}

// Sixty-four counters a word, bit-sliced: adding a word ripples a carry through the planes and seldom far.
class BitCounters {
  public:
    BitCounters() : planes_(std::size_t(kWords) * kPlanes), totals_(std::size_t(kWords) * 64) {}

    void add(int word, uint64_t ones) {
        uint64_t* plane = &planes_[std::size_t(word) * kPlanes];
        for (uint64_t carry = ones; carry != 0; ++plane) {
            const uint64_t next = *plane & carry;
            *plane ^= carry;
            carry = next;
        }
    }

    void tick() {
        if (++held_ == (1 << kPlanes) - 1) empty();
    }

    void empty() {
        for (int word = 0; word < kWords; ++word)
            for (int plane = 0; plane < kPlanes; ++plane) {
                uint64_t& bits = planes_[std::size_t(word) * kPlanes + plane];
                for (; bits != 0; bits &= bits - 1)
                    totals_[64 * word + __builtin_ctzll(bits)] += uint64_t(1) << plane;
            }
        held_ = 0;
    }

    const uint64_t* totals() const { return totals_.data(); }

  private:
    std::vector<uint64_t> planes_, totals_;
    int held_ = 0;
};

struct Engine {
    VerilatedContext context;
    Vrsnn_record model{&context};
    std::vector<uint64_t> last = std::vector<uint64_t>(kWords);
    std::vector<uint64_t> toggles = std::vector<uint64_t>(kWords);
    BitCounters rises, highs;
    bool settled = false;

    void edge() {
        model.clk = 1;
        model.eval();
        model.clk = 0;
    }

    void record(uint64_t* to) const {
#define FIELD(port, first, words) copy(to + first, model.port);
#include "record_fields.h"
#undef FIELD
    }
};

}  // namespace

extern "C" {

Engine* rsnn_new() { return new Engine; }
void rsnn_free(Engine* engine) { delete engine; }

void rsnn_reset(Engine* engine, int cycles) {
    Vrsnn_record& model = engine->model;
    model.reset = 1;
    for (int cycle = 0; cycle < cycles; ++cycle) {
        model.eval();
        engine->edge();
    }
    model.reset = 0;
    model.eval();
}

// Loads the rows of a bank through the weight port; `words` 32-bit words a row.
void rsnn_load(Engine* engine, int bank, int rows, int words, const uint32_t* data) {
    Vrsnn_record& model = engine->model;
    model.weight_valid = 1;
    model.weight_bank = bank;
    for (int row = 0; row < rows; ++row) {
        model.weight_address = row;
        std::memcpy(&model.weight_row, data + std::size_t(row) * words, 4 * words);
        model.eval();
        engine->edge();
    }
    model.weight_valid = 0;
    model.eval();
}

// What the weight port presents from now on; `words` 32-bit words of the row.
void rsnn_weight_port(Engine* engine, int valid, int bank, int address, int words, const uint32_t* row) {
    Vrsnn_record& model = engine->model;
    model.weight_valid = valid;
    model.weight_bank = bank;
    model.weight_address = address;
    std::memcpy(&model.weight_row, row, 4 * words);
}

#ifdef RSNN_SELECTOR
// Which mutant is at work; before the reset.
void rsnn_select(Engine* engine, int mutant) { engine->model.mutant = mutant; }
#endif

// Runs `cycles` cycles. The record of each, settled before its rising edge, is written to `records` unless that is
// null, code_ready (1) and weight_ready (2) to `handshake` likewise. counting 0: nothing is counted; 1: toggles of each
// word; 2: toggles and cycles high of each bit as well.
void rsnn_run(Engine* engine, long cycles, const uint8_t* stimuli, const int32_t* codes, uint64_t* records,
              uint8_t* handshake, int counting) {
    Vrsnn_record& model = engine->model;
    std::vector<uint64_t> own(kWords);
    uint64_t* last = engine->last.data();
    for (long cycle = 0; cycle < cycles; ++cycle) {
        const int given = stimuli[cycle];
        model.code_valid = (given & kCodeValid) != 0;
        model.start = (given & kStart) != 0;
        model.first = (given & kFirst) != 0;
        model.logits_ready = (given & kLogitsReady) != 0;
        model.reset = (given & kReset) != 0;
        model.code = codes[cycle];
        model.eval();
        uint64_t* now = records == nullptr ? own.data() : records + std::size_t(cycle) * kWords;
        engine->record(now);
        if (handshake != nullptr) handshake[cycle] = model.code_ready | model.weight_ready << 1;
        if (counting != 0) {
            if (engine->settled)
                for (int word = 0; word < kWords; ++word) {
                    const uint64_t changed = now[word] ^ last[word];
                    engine->toggles[word] += __builtin_popcountll(changed);
                    if (counting == 2) engine->rises.add(word, changed);
                }
            if (counting == 2) {
                for (int word = 0; word < kWords; ++word) engine->highs.add(word, now[word]);
                engine->rises.tick();
                engine->highs.tick();
            }
            std::memcpy(last, now, 8 * kWords);
            engine->settled = true;
        }
        engine->edge();
    }
}

void rsnn_toggles(const Engine* engine, uint64_t* to) {
    std::memcpy(to, engine->toggles.data(), 8 * kWords);
}

// For every bit of the record: toggles, then cycles high.
void rsnn_bits(Engine* engine, uint64_t* toggles, uint64_t* highs) {
    engine->rises.empty();
    engine->highs.empty();
    std::memcpy(toggles, engine->rises.totals(), 8 * 64 * std::size_t(kWords));
    std::memcpy(highs, engine->highs.totals(), 8 * 64 * std::size_t(kWords));
}

}  // extern "C"
