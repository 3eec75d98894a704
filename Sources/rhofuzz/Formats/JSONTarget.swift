import RhoCore

/// Any JSON text; what is read must come back the same from what it is written as.
final class JSONTarget: FuzzTarget {
    private let seeds: [[UInt8]] = [
        #"{"a":[1,-2.5e-3,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":[[],{}]},"n":9007199254740993}"#,
        #"[0,1e308,-0.0,123456789012345678901234567890,"\\\"/\b\f\t"]"#,
        #"{"step":100,"tokens":409600,"train/loss":3.2140625,"x":"Infinity"}"#,
    ].map { Array($0.utf8) }

    init(folder: String) {}

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        if random.chance(200) {
            let depth = random.below(100_000)
            return [UInt8](repeating: random.chance(2) ? 0x5B : 0x7B, count: depth)
        }
        var bytes = random.pick(seeds)
        Mutation.damage(&bytes, &random, other: random.pick(seeds))
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let value = try JSON.parse(bytes)
        let again = try JSON.parse(value.serialized())
        guard again.serialized() == value.serialized() else { throw Finding("written and read again it differs") }
        guard try JSON.parse(value.serialized(sortedKeys: true, pretty: true)).canonical == value.canonical else {
            throw Finding("its canonical form depends on how it was written")
        }
    }
}
