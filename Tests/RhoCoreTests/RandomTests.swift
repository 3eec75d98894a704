import RhoCore
import Testing

@Suite struct PhiloxTests {
    /// kat_vectors of the Random123 distribution, rows `philox4x32 10`.
    @Test(arguments: [
        (
            SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
            SIMD4<UInt32>(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
        ),
        (
            SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
            SIMD4<UInt32>(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
        ),
        (
            SIMD4<UInt32>(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2<UInt32>(0xA409_3822, 0x299F_31D0),
            SIMD4<UInt32>(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
        ),
    ])
    func knownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
        #expect(Philox.block(counter, key: key) == expected)
    }
}

@Suite struct RandomStreamTests {
    @Test func sequenceEqualsRandomAccess() {
        var stream = RandomStream(seed: 7, name: "order", step: 3)
        for index in 0..<100 {
            #expect(stream.next() == RandomStream.bits(seed: 7, name: "order", step: 3, index: UInt64(index)))
        }
    }

    @Test func namesStepsAndSeedsGiveDifferentStreams() {
        var firsts = Set<UInt64>()
        for seed in 0..<10 {
            for name in ["a", "b", "ab", ""] {
                for step in 0..<10 {
                    firsts.insert(RandomStream.bits(seed: UInt64(seed), name: name, step: UInt64(step), index: 0))
                }
            }
        }
        #expect(firsts.count == 400)
    }

    @Test func belowIsUniform() {
        var stream = RandomStream(seed: 1, name: "below")
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[stream.below(7)] += 1 }
        for count in counts { #expect(abs(count - 10_000) < 500) }
        #expect(stream.below(1) == 0)
        #expect(stream.below(0) == 0)
        let large = stream.below(.max)
        #expect(large >= 0)
    }

    @Test func uniformAndNormalHaveTheirMoments() {
        var stream = RandomStream(seed: 2, name: "moments")
        var sum = 0.0
        var squares = 0.0
        var mean = 0.0
        let count = 200_000
        for _ in 0..<count {
            let u = stream.uniform()
            #expect(u >= 0 && u < 1)
            mean += u / Double(count)
        }
        for _ in 0..<count {
            let z = stream.normal()
            sum += z
            squares += z * z
        }
        #expect(abs(mean - 0.5) < 0.005)
        #expect(abs(sum / Double(count)) < 0.01)
        #expect(abs(squares / Double(count) - 1) < 0.02)
    }
}

@Suite struct PermutationTests {
    @Test(arguments: [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 100, 255, 256, 257, 1000, 4097, 65_537])
    func isABijection(count: Int) {
        for seed in 0..<3 {
            let order = Permutation(count: count, seed: UInt64(seed), name: "p")
            var seen = [Bool](repeating: false, count: count)
            for i in 0..<count { seen[order[i]] = true }
            #expect(seen.allSatisfy { $0 })
        }
    }

    @Test func seedsShuffleDifferently() {
        let a = Permutation(count: 1000, seed: 1, name: "epoch")
        let b = Permutation(count: 1000, seed: 2, name: "epoch")
        let c = Permutation(count: 1000, seed: 1, name: "other")
        let fixed = (0..<1000).count { a[$0] == $0 }
        #expect((0..<1000).contains { a[$0] != b[$0] })
        #expect((0..<1000).contains { a[$0] != c[$0] })
        #expect(fixed < 10)
    }

    /// Where an element lands must not depend on where it came from: every place of four gets its quarter.
    @Test func smallShufflesAreFair() {
        var counts = [Int](repeating: 0, count: 16)
        for seed in 0..<8000 {
            let order = Permutation(count: 4, seed: UInt64(seed), name: "small")
            for i in 0..<4 { counts[i * 4 + order[i]] += 1 }
        }
        for count in counts { #expect(abs(count - 2000) < 200) }
    }
}
