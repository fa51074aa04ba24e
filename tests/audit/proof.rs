//! Merkle tree and signed notes against vectors of other implementations.

use consentry::audit::checkpoint::Checkpoint;
use consentry::audit::note::{NoteError, NoteReader, NoteSigner, NoteVerifier};
use consentry::audit::tree::{Hash, Prover, Tree, includes, leaf_hash};

/// Leaves and roots of certificate-transparency's `merkle_tree_test.cc`, the reference of RFC 6962.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// From the same file: proofs for (leaf, tree size), both counted from 1 and in this order.
const PATHS: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (3, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];

fn hash(text: &str) -> Hash {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn leaves(count: usize) -> impl Iterator<Item = Hash> {
    LEAVES.iter().take(count).map(|l| leaf_hash(&hex::decode(l).unwrap()))
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let mut tree = Tree::default();
    assert_eq!(tree.root(), hash(ROOTS[0]));
    for (leaf, root) in leaves(8).zip(&ROOTS[1..]) {
        tree.push(leaf);
        assert_eq!(tree.root(), hash(root), "size {}", tree.size());
        let again = Tree::from_frontier(tree.size(), tree.frontier().to_vec()).unwrap();
        assert_eq!(again.root(), tree.root());
    }
}

#[test]
fn proofs_are_those_of_certificate_transparency() {
    for (leaf, size, path) in PATHS {
        let mut prover = Prover::new(leaf - 1, size);
        leaves(size as usize).for_each(|l| prover.push(l));
        assert_eq!(prover.path(), path.iter().map(|h| hash(h)).collect::<Vec<_>>(), "leaf {leaf} of {size}");
    }
}

#[test]
fn every_leaf_is_included_and_no_other_is() {
    let numbered = |n: u64| leaf_hash(&n.to_be_bytes());
    for size in 1..=40_u64 {
        let mut tree = Tree::default();
        (0..size).for_each(|n| tree.push(numbered(n)));
        for index in 0..size {
            let mut prover = Prover::new(index, size);
            (0..size).for_each(|n| prover.push(numbered(n)));
            let path = prover.path();
            assert!(includes(&tree.root(), size, index, numbered(index), &path), "{index} of {size}");
            assert!(!includes(&tree.root(), size, index, numbered(index + 1), &path), "other leaf, {index} of {size}");
            let elsewhere = (index + 1) % size;
            assert!(size == 1 || !includes(&tree.root(), size, elsewhere, numbered(index), &path), "other place");
            let longer = [path, vec![numbered(0)]].concat();
            assert!(!includes(&tree.root(), size, index, numbered(index), &longer), "path too long");
        }
    }
}

/// The example of `golang.org/x/mod/sumdb/note`.
const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SIGNATURE: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The example of c2sp.org/signed-note.
const C2SP_VERIFIER: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn we_sign_as_go_does() {
    let signer = NoteSigner::parse(GO_SIGNER).unwrap();
    assert_eq!(signer.verifier().to_string(), GO_VERIFIER);
    assert_eq!(signer.sign(GO_TEXT), format!("{GO_TEXT}\n{GO_SIGNATURE}"));
}

#[test]
fn we_read_what_others_signed() {
    let go = NoteVerifier::parse(GO_VERIFIER).unwrap();
    assert_eq!(go.open(&format!("{GO_TEXT}\n{GO_SIGNATURE}")), Ok(GO_TEXT));
    let c2sp = NoteVerifier::parse(C2SP_VERIFIER).unwrap();
    assert_eq!(c2sp.open(C2SP_NOTE), Ok("This is an example message.\n"));
}

#[test]
fn a_note_is_refused_for_the_right_reason() {
    let go = NoteVerifier::parse(GO_VERIFIER).unwrap();
    let note = format!("{GO_TEXT}\n{GO_SIGNATURE}");
    assert_eq!(go.open(&note.replace("answer", "Answer")), Err(NoteError::BadSignature));
    assert!(matches!(go.open(C2SP_NOTE), Err(NoteError::OtherKey(other)) if other == "example.com/foo+530d903a"));
    for cut in 1..note.len() {
        if let Some(torn) = note.get(..note.len() - cut) {
            assert!(go.open(torn).is_err(), "cut by {cut}");
        }
    }
}

#[test]
fn keys_that_do_not_fit_are_refused() {
    for key in [
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "",
    ] {
        assert!(NoteVerifier::parse(key).is_err(), "{key}");
    }
    assert!(NoteSigner::generate("two words").is_err());
}

#[test]
fn a_file_of_notes_is_read_one_by_one() {
    let signer = NoteSigner::generate("example.com/log").unwrap();
    let (a, b) = (signer.sign("a\n1\n"), signer.sign("b\n2\n3\n"));
    let file = format!("{a}{b}torn\n4");
    let mut notes = NoteReader::new(file.as_bytes());
    let read: Vec<_> = std::iter::from_fn(|| notes.read_next().unwrap()).collect();
    assert_eq!(read.iter().map(|n| n.note.as_str()).collect::<Vec<_>>(), [a.as_str(), b.as_str(), "torn\n4"]);
    assert_eq!(read.iter().map(|n| n.line).collect::<Vec<_>>(), [1, 5, 10]);
    assert_eq!(
        read.iter().map(|n| n.end).collect::<Vec<_>>(),
        [a.len(), a.len() + b.len(), file.len()].map(|n| n as u64)
    );
}

/// The checkpoint printed in c2sp.org/tlog-checkpoint.
#[test]
fn a_checkpoint_is_written_as_the_specification_prints_it() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20852163));
    assert_eq!(checkpoint.text(), text);
    for bad in [
        "x\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "x\n1\nCsUY\n",
        "x\n1\n",
        "x y\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ] {
        assert_eq!(Checkpoint::parse(bad), None, "{bad}");
    }
}
