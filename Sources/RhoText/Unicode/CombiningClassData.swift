/// The canonical combining classes of Unicode 9.0 other than 0, for `NormalizationTable`.
///
/// Runs of the step from the last run's end, a length and a class, in the numbers of `DecompositionData`.
enum CombiningClassData {
    static let text: StaticString = #"""
        Oav7gab7iae6Yab7iab6yaf6Yac6kae6Yac6kal6Yafbae6Yai7gab7qab7gad6Yad7gac6Ybd7gae6Yab7gab7iac6Yab7gab7jac7kab7j\#
        ac7kab7jan7g8tf7g8jb6Yae7gab6Yad7gab6+ab6Yag7gag6Yac7gab6Yac7gab6+ab7eab7gabkablabmabnaboabpabqabrabsactabua\#
        bvabwbbxbbyabzbb7gab6Ybbs2ii7gab+ab-ab1a1qbXabYabZab+ab-ab1aab1bab1cac7gac6Yaf7gab6Yac7gab6Yqb1d3fh7gce7gab6\#
        Yab7gcc7gbb6Yac7gab6Y1db1e+b7gab6Yac7gab6Yac7gad6Yab7gac6Yab7gab6Yad7gab6Yab7gab6Yab7gab6Yab7gab6Yac7g5ah7ga\#
        b6Yab7g1ce7gbj7gbd7gbf7g1ld6Y3yo7gbb6Yac7gab6Yac7gab6Yad7gad6YabXabYabZad7gab6Yac7gac6Yaf7g1Ybhqbjdb7gab6Yac\#
        7g3hbhqbj3obhqbj3obhqbj3obhqbj3-bj3-bjhb2uab2X3fbhqbj3-bj3Ybj3nc3habjne3l3mc3woe3W2mc6YXb6Ybb6Ybb6y1xb4bab4c\#
        bb4efe4ccb4cbc7gabjbc7g1+b6Y3qbhbcj2sb6YMpd7gTubj-bj4Zbjkb7g6lb7e4pb6+ab7gab6Y6Xb7gab6Y2hbjui7gcb6Y1qf7gag6Y\#
        ac7gab6Y3wbhpbj1gb7gab6Yah7g1wcj1Wbhlcj2dbh4yd7gbbbaf6Yac7gae6Yab7gbhbeb6Ygb7gdc7g6gc7gab6Yah7gab6Yac7gab7ka\#
        b6wab6Yab6ka1f7gfb7gab7jab6Yab7gab6YMqc7gacbae7gadbac7geb7gdcbab7gab6Yab7gacbae6Yab7g2V+d7g4nbj3a1a7gHkb6Wab\#
        7eab7iab6+ac7a3jciTEub7gek7g1ac7g2qc7g8ubj5ZbjXs7g1zd6Y1fbj2-bhmbj7pb7gbc7gab6Ycc7gfc7gbb7g1ubj7wbjJPqbWObh7\#
        gah6Yac7gUnb6Y7cb6Y4vf7g1Ksb6Ybb7g1ib7gabbab6Yebj5fb7gab6Y1A-bj1ybj1zbjabh2fd7g1qcj1+bh2mbjjbh3kbjabh5sbhabj\#
        2rbhqbjyh7gdf7g6nbjdbh3Xbjabh7Xbjabh3+bj3wbjabh3tbj18tbjJLqfb1Xh7gKBhbb56gc6yadbdb7caf6yii6Ycf7gac6Y+e7g4ud7\#
        g3DXh7gbr7gch7gbc7gbf7g25fh6Y3ng7gabh
        """#
}
