//! The NVM: checksum and station address.

use ferrite_nic::{Error, MacAddress, Nic, Step};
use proptest::prelude::*;

use crate::model::{Make, Model, NEVER, Options, PERMANENT, nvm_image};

fn identify(nvm: Vec<u16>) -> Result<MacAddress, Error> {
    let model = Model::new(Options { nvm, ..Options::new(Make::Silicon) });
    let nic = Nic::new(&model);
    nic.reset(&&model)?;
    nic.identify(&&model).map(|identity| identity.permanent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_nvm_holds_the_address(address: [u8; 6]) {
        let usable = address[0] & 1 == 0 && address != [0; 6];
        let wanted = if usable { Ok(MacAddress(address)) } else { Err(Error::NvmAddress) };
        prop_assert_eq!(identify(nvm_image(address)), wanted);
    }

    #[test]
    fn a_flipped_bit_in_the_nvm_is_noticed(word in 0_usize..0x40, bit in 0..16) {
        let mut nvm = nvm_image(PERMANENT);
        nvm[word] ^= 1_u16 << bit;
        let sum = nvm.iter().fold(0_u16, |sum, &word| sum.wrapping_add(word));
        prop_assert_eq!(identify(nvm), Err(Error::NvmChecksum(sum)));
    }
}

#[test]
fn an_nvm_read_that_does_not_finish_is_bounded() {
    let model = Model::new(Options { nvm_read: NEVER, ..Options::new(Make::Silicon) });
    assert_eq!(Nic::new(&model).identify(&&model), Err(Error::Timeout(Step::NvmRead)));
    assert!(model.now() < 20_000_000);
}
