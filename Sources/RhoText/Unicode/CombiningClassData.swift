/// The canonical combining classes of Unicode 14.0 other than 0, for `NormalizationTable`.
///
/// Runs of the step from the last run's end, a length and a class, in the numbers of `DecompositionData`.
enum CombiningClassData {
    static let text: StaticString = #"""
        Oav7gab7iae6Yab7iab6yaf6Yac6kae6Yac6kal6Yafbae6Yai7gab7qab7gad6Yad7gac6Ybd7gae6Yab7gab7iac6Yab7gab7jac7kab7jac7k\#
        ab7jan7g8tf7g8jb6Yae7gab6Yad7gab6+ab6Yag7gag6Yac7gab6Yac7gab6+ab7eab7gabkablabmabnaboabpabqabrabsactabuabvabwbbx\#
        bbyabzbb7gab6Ybbs2ii7gab+ab-ab1a1qbXabYabZab+ab-ab1aab1bab1cac7gac6Yaf7gab6Yac7gab6Yqb1d3fh7gce7gab6Yab7gcc7gbb6\#
        Yac7gab6Y1db1e+b7gab6Yac7gab6Yac7gad6Yab7gac6Yab7gab6Yad7gab6Yab7gab6Yab7gab6Yab7gab6Yac7g5ah7gab6Yab7gjb6Yye7gb\#
        j7gbd7gbf7g1ld6Y1Yb7gad6Yae7g1kf7gaf6Yao7gbb6Yac7gab6Yac7gab6Yad7gad6YabXabYabZad7gab6Yac7gac6Yaf7g1Ybhqbjdb7gab\#
        6Yac7g3hbhqbj1qb7g1Zbhqbj3obhqbj3obhqbj3-bj3obhqbjhb2uab2X3fbhqbj3ncjqbj3Ybj3nc3habjne3l3mc3wabjne3W2mc6YXb6Ybb6\#
        Ybb6y1xb4bab4cbb4efe4ccb4cbc7gabjbc7g1+b6Y3qbhbcj2sb6YMpd7gTucj+bj4Zbjkb7g6lb7e4pb6+ab7gab6Y6Xb7gab6Y2hbjui7gcb6\#
        Y1qf7gag6Yac7gab6Ybc6Yac7gac6Yaf7gab6Yae7g3fbhpbj1gb7gab6Yah7g1wcj1Wbhlcj2dbh4yd7gbbbaf6Yac7gae6Yab7gbhbeb6Ygb7g\#
        dc7g6gc7gab6Yah7gab6Yac7gab7kab6wab6Yab6ka1f7gab7iac7eab6Yab6Wab7gab7jab6Yab7gab6YMqc7gacbae7gadbac7geb7gdcbab7g\#
        ab6Yab7gacbae6Yab7g2V+d7g4nbj3a1a7gHkb6Wab7eab7iab6+ac7a3jciTEub7gek7g1ac7g2qc7g8ubj1fbj4xbjXs7g1zd6Y1fbj2-bhmbj\#
        7pb7gbc7gab6Ycc7gfc7gbb7g1ubj7wbjJPqbWObh7gah6Yac7gUnb6Y7cb6Y4vf7g1Ksb6Ybb7g1ib7gabbab6Yebj5fb7gab6YHZe7gCdc7g4z\#
        c6Yad7gab6Yab7gae6Y1rb7gab6Yab7gab6Y6abj1jbjobj1zbjabh2fd7g1qcj1+bh2mbjjbh3kbjabh5sbhabj2qchqbjyh7gdf7g6nbjdbhxb\#
        7g3dbjabh7Xbjabh3+bj3wbjabh3tbj8nbjabh8ccjebh4Ybj2tbjsbj2rbjDfbj8cbhbcj2rbjJAyfb1Xh7g15zcgJ5mbb56gc6yadbdb7caf6y\#
        ii6Ycf7gac6Y+e7g4ud7g3DXh7gbr7gch7gbc7gbf7g8fh7gBxb7g1Ze7g1Fah6Y3ng7gabh
        """#
}
